"""Photometric solutions of nights and surveys: zero points of scans from standards and overlaps."""
