"""Detection and profile photometry of one band on the stack of its frames."""
