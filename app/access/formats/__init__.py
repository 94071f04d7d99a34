"""Answers in the formats of readers, written while the rows come."""
