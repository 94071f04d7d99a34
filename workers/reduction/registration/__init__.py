"""Where every frame of every band lies on the sky."""
