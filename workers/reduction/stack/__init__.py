"""Photometry on the stack of frames: point-spread function, detection, multi-frame fits, apertures, their bound."""
