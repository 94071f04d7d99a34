"""Bringing the database up, whichever server it is."""

from __future__ import annotations

from app.db import migrate
from app.db.cluster import private_cluster
from app.db.engine import connect_url, database_url
from app.settings import get_settings


def bring_up() -> str:
    """Start the private cluster (or check the configured server) and migrate the database.

    Returns
    -------
    str
        libpq URL of the migrated database.

    Raises
    ------
    ClusterError, DatabaseUnavailableError
        Raised if there is no server to be had.
    """
    if get_settings().database_url is None:
        private_cluster().ensure()
    url = database_url()
    connect_url(url).close()
    migrate.upgrade(url)
    return url
