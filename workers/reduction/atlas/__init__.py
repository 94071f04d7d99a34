"""Frames to Atlas images: levels, coadds, and the cut into images."""
