"""Fixtures of the contract tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
import pyvo

from tests.conftest import TEMPLATE, Database, create_database, drop_database


@pytest.fixture(scope="session")
def protocol_database(template_database: Database) -> Iterator[Database]:
    """One database for all tests of the protocol: each makes a run and a night of its own in it."""
    name = f"protocol_{os.getpid()}"
    create_database(template_database.cluster, name, TEMPLATE)
    yield Database(name, template_database.cluster)
    drop_database(template_database.cluster, name)


@pytest.fixture
def closed_pyvo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """pyvo never closes its connections: they end with the test that opened them.

    Left to the collector they were closed within whichever test it happened to run in, as that test's warning.
    """
    sessions = []
    create_session = pyvo.utils.http.create_session

    def kept_session():
        sessions.append(create_session())
        return sessions[-1]

    monkeypatch.setattr(pyvo.utils.http, "create_session", kept_session)
    yield
    for session in sessions:
        session.close()
    sessions.clear()
    # A streamed answer which nobody read to its end holds its connection beside the session.
    gc.collect()
