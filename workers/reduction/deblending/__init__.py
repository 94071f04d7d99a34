"""Active deblending: one star or several, decided on the frames of all bands together."""
