"""The science: pure functions over arrays. Nothing here knows the database, the queue, files or the clock."""
