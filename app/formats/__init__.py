"""File formats: raw nights and Atlas images."""
