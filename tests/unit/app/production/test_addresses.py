"""Addresses: a key, the start of a hash and a name are never taken for each other."""

from __future__ import annotations

import pytest

from app.models.production import InputKind
from app.production.addresses import NOUNS, Address


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("1", Address(key=1)),
        (" 123456 ", Address(key=123456)),
        ("key:12345678", Address(key=12345678)),
        ("sha256:12345678", Address(start="12345678")),
        ("12345a", Address(start="12345a")),
        ("ABCDEF", Address(start="abcdef")),
        ("0" * 64, Address(start="0" * 64)),
        ("9" * 18, Address(key=int("9" * 18))),
        ("abc12", Address(name="abc12")),
        ("tycho2", Address(name="tycho2")),
        ("synthetic", Address(name="synthetic")),
        ("j970423s012.fits", Address(name="j970423s012.fits")),
        ("a" * 65, Address(name="a" * 65)),
        ("sha256:", Address(name="sha256:")),
        ("", Address(name="")),
    ],
)
def test_an_address_is_read_in_one_way(given, meant):
    assert Address.of(given) == meant


def test_every_kind_of_input_has_a_name_and_a_list():
    assert set(NOUNS) == set(InputKind)
    assert all(command.startswith("mapps ") for _, command in NOUNS.values())
