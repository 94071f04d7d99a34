"""SQLAlchemy tables, one module a database schema, and the column registry."""
