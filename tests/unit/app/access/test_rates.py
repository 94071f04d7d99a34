"""Rates: a minute's requests may come at once, then as they fill again; who is quiet is forgotten."""

from __future__ import annotations

import pytest

from app.access.limits import Limits
from app.access.rates import FORGET_SECONDS, Rates


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rates(clock):
    return Rates(Limits(client_requests_minute=60), clock)


def test_a_minutes_requests_may_come_at_once(rates):
    assert [rates.take("a") for _ in range(60)] == [0.0] * 60
    assert rates.take("a") == pytest.approx(1.0)
    assert rates.take("b") == 0.0


def test_one_a_second_is_given_back(rates, clock):
    for _ in range(60):
        rates.take("a")
    clock.seconds += 0.5
    assert rates.take("a") == pytest.approx(0.5)
    clock.seconds += 0.5
    assert rates.take("a") == 0.0
    assert rates.take("a") == pytest.approx(1.0)


def test_a_bucket_holds_a_minute_and_no_more(rates, clock):
    rates.take("a")
    clock.seconds += 3600
    assert sum(rates.take("a") == 0.0 for _ in range(100)) == 60


def test_who_is_quiet_is_forgotten_but_not_who_waits(rates, clock):
    for name in "abc":
        rates.take(name)
    rates.client("b").waiting = 1
    clock.seconds += FORGET_SECONDS + 1
    rates.take("d")
    assert len(rates) == 2
    assert rates.client("b").waiting == 1
