"""Extended sources: shape, circular magnitudes, and which fits are no stars."""
