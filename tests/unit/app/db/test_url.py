"""URLs: named with their fault and never with their secret, added to and never replaced."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from app.cli import main
from app.db.url import hide_secrets, parameters_of, shown, with_options, without_password
from app.errors import SettingsError
from app.settings import get_settings, read_settings

SECRET = "s3cret"  # noqa: S105 - of nobody
WRONG = (
    (f"postgresql+psycopg://astro:{SECRET}@db.example/mapps", "starts with postgresql[+]psycopg://"),
    (f"mysql://astro:{SECRET}@db.example/mapps", "starts with mysql://"),
    (f"POSTGRESQL://astro:{SECRET}@db.example/mapps", "starts with POSTGRESQL://"),
    (f"jdbc:postgresql://astro:{SECRET}@db.example/mapps", "neither a URL nor a line"),
    (f"postgresql:/astro:{SECRET}@db.example/mapps", "neither a URL nor a line"),
    (f"'postgresql://astro:{SECRET}@db.example/mapps'", "neither a URL nor a line"),
    (f" postgresql://astro:{SECRET}@db.example/mapps", "blanks stand before"),
    (f"postgresql://astro:{SECRET}%et@db.example/mapps", "two hexadecimal digits"),
    (f"postgresql://astro:{SECRET}%00@db.example/mapps", "%00"),
    (f"postgresql://astro:x@{SECRET}@db.example/mapps", "more than one @"),
    (f"postgresql://astro:x/{SECRET}@db.example/mapps", "port is no number"),
    (f"postgresql://astro:{SECRET}?x@db.example/mapps", "port is no number"),
    (f"postgresql://astro@db.example:{SECRET}/mapps", "port is no number"),
    (f"postgresql://astro:{SECRET}@[::1/mapps", "address in"),
    (f"postgresql://astro@db.example/mapps?pass={SECRET}", "after [?]"),
    (f"postgresql://astro@db.example/mapps?{SECRET}", "after [?]"),
    (f"host=db.example passwrd={SECRET} dbname=mapps", "no connection parameter 'passwrd'"),
    (f"host=db.example password='{SECRET} dbname=mapps", "neither a URL nor a line"),
    (f"host=db.example password= {SECRET} more {SECRET}", "neither a URL nor a line"),
    (f"dbname=postgresql://astro:{SECRET}@db.example/mapps", "parameter dbname is a URL itself"),
    (f"postgresql:///mapps?host=postgresql://astro:{SECRET}@db", "parameter host is a URL itself"),
)


@pytest.mark.parametrize(("url", "fault"), WRONG)
def test_a_wrong_url_is_told_without_its_secret(url, fault, settings, monkeypatch, capsys):
    with pytest.raises(SettingsError, match=fault) as caught:
        parameters_of(url)
    assert SECRET not in str(caught.value)
    # A traceback shows the chain of exceptions too.
    assert caught.value.__cause__ is None
    monkeypatch.setenv("MAPPS_DATABASE_URL", url)
    for words in (["run", "list"], ["db", "status"], ["doctor"], ["db", "url", "--role", "reader"]):
        get_settings.cache_clear()
        assert main.run(words) in {2, 3}
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://astro:{SECRET}@localhost:1/mapps",
        f"postgresql://localhost:1/mapps?user=astro&password={SECRET}",
        f"host=localhost port=1 user=astro password={SECRET}",
        f"host=localhost port=1 user=astro password='{SECRET}'",
        "postgresql://astro:s%33cret@localhost:1/mapps",
    ],
)
def test_a_right_url_is_shown_without_its_secret(url, settings, monkeypatch, capsys):
    assert SECRET not in shown(url)
    assert "***" in shown(url)
    monkeypatch.setenv("MAPPS_DATABASE_URL", url)
    get_settings.cache_clear()
    assert SECRET not in repr(read_settings())
    assert main.run(["db", "status"]) == 3
    assert main.run(["db", "start"]) == 3
    assert main.run(["doctor"]) == 3
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    target, password = without_password(url)
    assert password == SECRET
    assert SECRET not in target
    assert conninfo_to_dict(target)["user"] == "astro"


def test_what_the_server_repeats_is_hidden(monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "other")
    text = hide_secrets(f"server says {SECRET} and other", f"postgresql://a:{SECRET}@h/d")
    assert text == "server says *** and ***"


@pytest.mark.parametrize(
    "url", ["postgresql://a@/d", "postgresql://a@/d?host=/x&port=1", "user=a dbname=d", ""]
)
@pytest.mark.parametrize("given", [None, "-c a=1", "endpoint=ep-x"])
def test_options_are_added_in_every_form(url, given, monkeypatch):
    monkeypatch.delenv("PGOPTIONS", raising=False)
    url = with_options(url, given) if given else url
    merged = conninfo_to_dict(with_options(url, "-c role=r"))
    assert merged.pop("options") == (f"{given} -c role=r" if given else "-c role=r")
    before = conninfo_to_dict(url)
    before.pop("options", None)
    assert merged == before


def test_options_of_the_environment_are_added_to(monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c a=1")
    assert conninfo_to_dict(with_options("postgresql:///d", "-c b=2"))["options"] == "-c a=1 -c b=2"
    # libpq does not look at the environment when the URL has options of its own.
    assert (
        conninfo_to_dict(with_options("postgresql:///d?options=-c%20c%3D3", "-c b=2"))["options"]
        == "-c c=3 -c b=2"
    )
    assert psycopg.pq.Conninfo.get_defaults()
