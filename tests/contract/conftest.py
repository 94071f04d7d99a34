"""Fixtures of the contract tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.conftest import TEMPLATE, Database, create_database, drop_database


@pytest.fixture(scope="session")
def protocol_database(template_database: Database) -> Iterator[Database]:
    """One database for all tests of the protocol: each makes a run and a night of its own in it."""
    name = f"protocol_{os.getpid()}"
    create_database(template_database.cluster, name, TEMPLATE)
    yield Database(name, template_database.cluster)
    drop_database(template_database.cluster, name)
