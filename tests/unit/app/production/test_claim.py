"""What a claim tells its step and its statements."""

from __future__ import annotations

import os

import pytest

from app.errors import MappsError
from app.production.claim import Claim, WorkerIdentity
from app.production.protocol import TEXT_LIMIT, bounded

SCAN = Claim(1, 2, 3, 4, "run", "scan", 5, 6, "hash", {"much": "too long to print"})
BLOCK = Claim(1, 2, 3, 4, "run", "block_flat", None, None, "hash", {}, "n-1")


def test_the_key_is_attempt_and_token():
    assert SCAN.key == {"attempt_id": 1, "token": 2}


def test_parameters_are_not_printed():
    assert "too long" not in repr(SCAN)


def test_a_step_that_asks_for_a_night_must_have_one():
    assert SCAN.night == 5
    with pytest.raises(MappsError, match=r"task 3 \(block_flat\) has no night"):
        _ = BLOCK.night


def test_a_worker_is_named_by_host_and_process():
    identity = WorkerIdentity.of_this_process()
    assert identity.worker == f"{identity.host}-{os.getpid()}"


@pytest.mark.parametrize("length", [TEXT_LIMIT - 1, TEXT_LIMIT, TEXT_LIMIT + 1, 3 * TEXT_LIMIT])
def test_both_ends_of_a_long_text_are_kept(length):
    text = "begin" + "x" * (length - 8) + "end"
    kept = bounded(text)
    assert kept.startswith("begin")
    assert kept.endswith("end")
    assert len(kept) <= TEXT_LIMIT + 40
    assert (kept == text) == (length <= TEXT_LIMIT)


def test_no_zero_characters_reach_the_database():
    assert bounded("a\0b") == "a\\0b"


@pytest.mark.parametrize(
    ("night_id", "scan_key", "block", "subject"),
    [
        (847, 867377, None, "1998-04-27s scan 49"),
        (846, None, None, "1998-04-27n"),
        (None, None, "n-1", "block n-1"),
        (None, None, None, "run first"),
    ],
)
def test_a_claim_is_named_as_people_call_it(night_id, scan_key, block, subject):
    assert Claim(1, 2, 3, 4, "first", "kind", night_id, scan_key, "hash", {}, block).subject == subject
