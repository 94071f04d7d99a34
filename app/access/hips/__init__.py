"""Hierarchical progressive surveys (HiPS 1.0) of releases: tiles of each band and of their colours."""
