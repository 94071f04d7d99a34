"""Raw frames to calibrated ones: darks, flats, linearity, masks, sky, transients."""
