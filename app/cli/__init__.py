"""The `mapps` command: one module a noun."""
