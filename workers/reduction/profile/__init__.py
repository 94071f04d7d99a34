"""The point-spread function: its table, how it is learnt, and how stars are drawn with it."""
