"""Galaxies: found on the coadds of all bands before stars are fitted, modelled, and drawn on frames."""
