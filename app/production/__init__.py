"""Runs, tasks, attempts: the claim protocol."""
