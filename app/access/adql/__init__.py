"""ADQL to SQL: pure functions from a text and a list of tables to a statement and descriptions of its columns."""
