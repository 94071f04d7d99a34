"""libpq URLs: what is wrong with one, what is added to one, and how one is shown without its secret."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.errors import SettingsError

SCHEMES = ("postgresql://", "postgres://")
EXPECTED = "postgresql://user@host:port/database, or keywords as in host=... dbname=..."
# libpq's own names of connection parameters that hold a secret.
SECRETS = ("password", "sslpassword", "oauth_client_secret")
HIDDEN = "***"
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.\-]*)://")
_KEYWORD = re.compile(r"\s*([A-Za-z_][A-Za-z_0-9]*)\s*=")


def parameters_of(url: str) -> dict[str, str]:
    """Give the connection parameters that a URL, or a line of keywords, gives.

    Parameters
    ----------
    url : str
        In the form of a URL or of keywords, as libpq takes them.

    Raises
    ------
    SettingsError
        Raised if libpq does not take the text. The message names the fault and nothing of the text that could be a
        secret: libpq's own words quote the part of the text that is not understood, which may be the password.
    """
    if fault := _authority_fault(url):
        raise SettingsError(f"MAPPS_DATABASE_URL is not a libpq URL: {fault}", expected=EXPECTED)
    try:
        parameters = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except (psycopg.Error, ValueError) as error:
        # The chain of exceptions would show libpq's words in a traceback, hence `from None`.
        fault = _fault(url, str(error))
        raise SettingsError(f"MAPPS_DATABASE_URL is not a libpq URL: {fault}", expected=EXPECTED) from None
    for name, value in parameters.items():
        if "://" in value and name not in {*SECRETS, "options", "application_name"}:
            # The server would repeat the whole value, for example as the name of a database that does not exist.
            raise SettingsError(
                f"MAPPS_DATABASE_URL: its parameter {name} is a URL itself", expected=EXPECTED
            )
    return parameters


def with_options(url: str, options: str) -> str:
    """Add command-line options of the server to those that a URL has, or that a service file or PGOPTIONS gives.

    Parameters
    ----------
    url : str
        In the form of a URL or of keywords.
    options : str
        For example `-c role=mapps_reader`; the last of two values of the same setting holds.

    Raises
    ------
    SettingsError
        Raised if libpq does not take the URL.
    """
    parameters = parameters_of(url)
    given = parameters.get("options") or _default_options(parameters.get("service"))
    joined = f"{given} {options}".strip()
    if _SCHEME.match(url) is None:
        return make_conninfo(url, options=joined)
    base, _, query = url.partition("?")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != "options"]
    return f"{base}?{'&'.join([*kept, 'options=' + quote(joined, safe='')])}"


def _default_options(service: str | None) -> str:
    """Options that libpq takes where the URL has none: of the service file, else PGOPTIONS."""
    former = os.environ.get("PGSERVICE")
    try:
        if service is not None:
            os.environ["PGSERVICE"] = service
        defaults = psycopg.pq.Conninfo.get_defaults()
    finally:
        if service is not None:
            os.environ.pop("PGSERVICE")
            os.environ |= {"PGSERVICE": former} if former is not None else {}
    return next((o.val.decode() for o in defaults if o.keyword == b"options" and o.val), "")


def shown(url: str) -> str:
    """Give a URL as it may stand in a log: without password."""
    try:
        parameters = parameters_of(url)
    except SettingsError:
        return HIDDEN
    for name in SECRETS:
        if secret := parameters.get(name, ""):
            url = _replace(url, secret)
    return url


def without_password(url: str) -> tuple[str, str]:
    """Part a URL from its password, which must not stand among the arguments of a process: all users can list those.

    Returns
    -------
    tuple of str
        The URL without password, and the password; the whole URL and an empty text where it has none.
    """
    parameters = parameters_of(url)
    password = parameters.pop("password", "")
    return (make_conninfo("", **parameters), password) if password else (url, "")


def hide_secrets(text: str, url: str) -> str:
    """Replace what is secret in a URL, or in the environment, wherever a foreign text repeats it."""
    secrets = {os.environ.get("PGPASSWORD", "")}
    try:
        parameters = parameters_of(url)
        secrets |= {parameters.get(name, "") for name in SECRETS}
    except SettingsError:
        secrets.add(url)
    for secret in secrets - {""}:
        text = _replace(text, secret)
    return text


def _replace(text: str, secret: str) -> str:
    for form in {secret, quote(secret, safe=""), quote(secret)}:
        text = text.replace(form, HIDDEN)
    # A percent-encoded password need not be encoded the way `quote` does.
    return re.sub(
        r"(?<=:)[^:@/?\s]+(?=@)", lambda found: HIDDEN if unquote(found[0]) == secret else found[0], text
    )


def _authority_fault(url: str) -> str:
    """Find a password with characters that split a URL at the wrong place: libpq takes its rest for a host."""
    if not url.strip().startswith(SCHEMES):
        return ""
    rest = url.partition("://")[2]
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    encode = "must be encoded in a user name or password: @ as %40, / as %2F, ? as %3F, : as %3A"
    if authority.count("@") > 1:
        return f"more than one @ stands before the database's name; such characters {encode}"
    port = authority.rpartition("@")[2].rpartition("]")[2]
    has_port = (
        ":" in port
        and "[" not in port
        and not all(re.fullmatch(r"[^:]*(:\d*)?", place) for place in port.split(","))
    )
    if has_port:
        wrong = "/ or ?" if "@" in rest[len(authority) :] else ":"
        return f"the port is no number; a character such as {wrong} {encode}"
    return ""


def _fault(url: str, words: str) -> str:
    """Say in words of our own what libpq did not take."""
    scheme = _SCHEME.match(url)
    if scheme:
        signs = {
            f"it starts with {scheme[1]}://": f"{scheme[1]}://" not in SCHEMES,
            "blanks stand before it": not url.startswith(SCHEMES),
            "it holds %00": "%00" in url,
            "a % in it is not followed by two hexadecimal digits (% itself is written %25)": "percent-encoded"
            in words,
            "the address in [] is not closed or not followed by : or /": "[" in url or "IPv6" in words,
        }
        other = "its parameters after ? are not name=value with names that libpq knows"
        return next((sign for sign, is_so in signs.items() if is_so), other)
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    unknown = [name for name in _KEYWORD.findall(re.sub(r"'(\\.|[^'])*'", "''", url)) if name not in known]
    if _KEYWORD.match(url) is None or not unknown:
        return "it is neither a URL nor a line of keyword=value"
    return f"libpq knows no connection parameter {unknown[0]!r}"
