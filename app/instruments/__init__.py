"""What is known beforehand of the instruments: bands, arrays, cameras. Both halves read it."""
