"""Table access: TAP 1.1 with synchronous and asynchronous queries."""
