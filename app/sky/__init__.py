"""Geometry of the sky and of pixels: conventions, projections, footprints, HEALPix."""
