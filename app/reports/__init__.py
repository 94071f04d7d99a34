"""Pictures and tables a person would look at."""
