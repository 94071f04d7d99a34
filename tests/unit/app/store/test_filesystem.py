"""Stores that are not there, and how their URLs are shown."""

from __future__ import annotations

import pytest

from app.errors import StoreError
from app.store import Store, free_bytes, shown_url

# Port 9 of this machine: nobody listens.
AWAY = "ftp://survey:s3cret@127.0.0.1:9/store"


def test_a_store_that_does_not_answer_is_no_bug_and_keeps_its_secret():
    with pytest.raises(StoreError, match=r"does not answer") as caught:
        Store(AWAY)
    assert "s3cret" not in str(caught.value)
    assert "survey:***@127.0.0.1" in str(caught.value)
    assert free_bytes(AWAY) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/data/store:1@host", "/data/store:1@host"),
        ("file:///data/store", "file:///data/store"),
        ("sftp://user@host/store", "sftp://user@host/store"),
        ("sftp://user:s3:cr@et@host:22/store", "sftp://user:***@host:22/store"),
        ("simplecache::s3://KEY:s3cret@bucket/a", "simplecache::s3://KEY:***@bucket/a"),
        ("abfs://box/a?sas=s3cret&b=c", "abfs://box/a?sas=***&b=***"),
    ],
)
def test_a_shown_url_has_no_secret(url, shown):
    assert shown_url(url) == shown


def test_an_unknown_store_is_told_without_its_secret():
    with pytest.raises(StoreError) as caught:
        Store("unheard-of://KEY:s3cret@bucket/x")
    assert "s3cret" not in str(caught.value)
