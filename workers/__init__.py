"""The processes that claim tasks, reduce them and publish their rows."""
