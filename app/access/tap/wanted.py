"""What a request to TAP asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from app.access.answer import Request
from app.access.formats.registry import Format, format_named
from app.access.limits import Limits
from app.access.parameters import ParameterError, Parameters
from app.access.uploads import Upload, UploadError, read_upload

_RESULT = re.compile(r"/tap/async/([0-9a-f]{24})/results/result")


@dataclass(frozen=True)
class OwnResults:
    """Results of jobs by their addresses: the only addresses that are read for a client, and never over the network.

    Attributes
    ----------
    base_url : str
        Where the service is reached by.
    folder : Path
        Where results lie.
    """

    base_url: str
    folder: Path

    def read(self, address: str) -> bytes | None:
        """Give the result at an address; None if it is none of ours."""
        found = _RESULT.fullmatch(address.removeprefix(self.base_url)) if self.base_url else None
        path = self.folder / f"{found[1]}.result" if found and address.startswith(self.base_url) else None
        return path.read_bytes() if path is not None and path.is_file() else None


LANGUAGES = frozenset({"ADQL", "ADQL-2.0", "ADQL-2.1"})


def most_rows(parameters: Parameters, limits: Limits) -> int:
    """Give the rows of an answer: what MAXREC asks for, within the limit of the service."""
    asked = parameters.count("MAXREC")
    return limits.default_rows if asked is None else min(asked, limits.most_rows)


def wanted_format(parameters: Parameters) -> Format:
    """Give the format that RESPONSEFORMAT, or FORMAT as older clients say, asks for."""
    return format_named(parameters.text("RESPONSEFORMAT") or parameters.text("FORMAT"))


def read_uploads(parameters: Parameters, limits: Limits, results: OwnResults) -> tuple[Upload, ...]:
    """Read the tables that UPLOAD names: parts of the same request, or results of jobs of this service.

    Parameters
    ----------
    parameters : Parameters
        What was sent.
    limits : Limits
        How many rows they may have together.
    results : OwnResults
        Where results of jobs are.

    Raises
    ------
    UploadError
        Raised if a part is absent, or another address in the network is given: nothing is fetched for a client.
    """
    made: list[Upload] = []
    for pair in ";".join(parameters.all("UPLOAD")).split(";"):
        if not pair.strip():
            continue
        name, comma, place = pair.strip().partition(",")
        own = results.read(place) if comma else None
        if own is None and not (comma and place.startswith("param:")):
            raise UploadError(
                f"UPLOAD={pair[:80]}",
                expected="name,param:part, or name and the address of a job's result here",
                remedy="send the file itself: this service fetches nothing from elsewhere",
            )
        content = parameters.files.get(place.removeprefix("param:")) if own is None else own
        if content is None:
            raise UploadError(
                f"UPLOAD={pair[:80]}", expected=f"a part named {place.removeprefix('param:')[:40]}"
            )
        made.append(read_upload(name, content, limits.upload_rows - sum(table.rows for table in made)))
    if len({table.name for table in made}) != len(made):
        raise UploadError("two uploaded tables of one name", expected="names that differ")
    return tuple(made)


def wanted_request(
    parameters: Parameters, limits: Limits, seconds: float, base_url: str, folder: Path
) -> Request:
    """Read a request for a query.

    Parameters
    ----------
    parameters : Parameters
        What was sent.
    limits : Limits
        What may be asked for.
    seconds : float
        Longest duration of the query. [s]
    base_url : str
        Where the service is reached by.
    folder : Path
        Where results of jobs lie.

    Raises
    ------
    ParameterError
        Raised if there is no query or its language is another.
    """
    action = parameters.text("REQUEST", "doQuery")
    if action.lower() != "doquery":
        raise ParameterError(f"REQUEST={action[:40]}", expected="doQuery")
    language = parameters.text("LANG", "ADQL")
    if language.upper() not in LANGUAGES:
        raise ParameterError(f"LANG={language[:40]}", expected="ADQL")
    query = parameters.text("QUERY")
    if not query:
        raise ParameterError("a request without QUERY", expected="QUERY=SELECT ...")
    return Request(
        query,
        most_rows(parameters, limits),
        seconds,
        base_url,
        read_uploads(parameters, limits, OwnResults(base_url, folder)),
    )
