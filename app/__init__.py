"""mapps: the survey production service (database, ingest, production protocol, releases, commands)."""

__version__ = "0.1.0"
