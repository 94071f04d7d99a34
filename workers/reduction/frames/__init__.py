"""The frames of a scan as values, and where they lie on the sky."""
