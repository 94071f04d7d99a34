"""The other entry: sources measured on finished Atlas images, of which the frames are gone.

In the order in which an image goes through the room: `extract` takes the images of a scan; `strips` joins neighbours;
`crowded` reduces an image from its `starting` model on, with `background`, `saturation`, `detection`, `profile_fit`
(over `groups`, `group_fit` and `drawing`), `psf` and `psf_learning`, `decorrelate`, `noise` and
`residual_light`; its state is an `image_model` with `stars`. `normalise` gives the magnitude scale, `image_sources` the
detections, `bandfill` the upper limits. `fields` puts the bands together: `galaxy_search` finds their galaxies,
`galaxy_light` takes these off the images before stars are fitted once more, `extended` measures them. Frames have rooms
of their own: `photometry`,
`profile`, `saturated`, and the `extended` of the floor below.
"""
