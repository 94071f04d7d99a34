from __future__ import annotations

import pytest

from app.db import migrate
from app.errors import SchemaError


def test_up_and_down(empty_database):
    assert migrate.current(empty_database.url) is None
    with pytest.raises(SchemaError, match=r"at revision none.*mapps db migrate"):
        migrate.require_current(empty_database.url)
    assert migrate.upgrade(empty_database.url) == migrate.head()
    migrate.require_current(empty_database.url)
    assert migrate.upgrade(empty_database.url) == migrate.head()
    assert migrate.downgrade(empty_database.url, "base") is None


def test_code_without_migrations(monkeypatch, tmp_path, empty_database):
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path)
    assert migrate.head() is None
    assert migrate.upgrade(empty_database.url) is None
    with pytest.raises(SchemaError):
        migrate.downgrade(empty_database.url, "base")
