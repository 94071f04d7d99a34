"""The other entry: sources measured on finished Atlas images."""
