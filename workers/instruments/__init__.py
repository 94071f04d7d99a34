"""What a raw file means: detector constants and focal plane."""
