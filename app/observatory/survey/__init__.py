"""A simulated survey: what a plan commands, night after night, with one sky and one truth for all of them.

Apart from the nominal facts of the cameras, this package shares no constant with the reduction: zero points,
extinction, array geometry and sky are the simulator's own, and no table of the pipeline holds them.
"""
