"""The parameters of a pipeline: frozen classes, one a section, from which the pipeline hash is made."""
