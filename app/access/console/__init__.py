"""The operators' console: what is going on, live, and the few things an operator does about it."""
