"""Releases: selection by SQL, manifest, exports."""
