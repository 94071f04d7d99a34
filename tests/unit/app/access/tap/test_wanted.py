"""What a request asks for, and what it may not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io.votable import from_table, writeto
from astropy.table import MaskedColumn, Table

from app.access.limits import Limits
from app.access.parameters import ParameterError, Parameters
from app.access.tap.examples import EXAMPLES, examples_document
from app.access.tap.wanted import OwnResults, most_rows, read_uploads, wanted_format, wanted_request
from app.access.uploads import UploadError, read_upload

NOWHERE = Path("/nowhere")
LIMITS = Limits(default_rows=10, most_rows=100, upload_rows=5)


def asked(**values: str) -> Parameters:
    return Parameters.of(values.items())


@pytest.mark.parametrize(
    ("given", "rows"), [({}, 10), ({"MAXREC": "0"}, 0), ({"MAXREC": "50"}, 50), ({"MAXREC": "1000"}, 100)]
)
def test_rows(given, rows):
    assert most_rows(asked(**given), LIMITS) == rows


def test_names_come_in_any_case_and_both_formats_are_known():
    assert wanted_format(asked(responseFormat="csv")).suffix == "csv"
    assert wanted_format(asked(format="fits")).suffix == "fits"
    assert wanted_format(asked(format="fits", RESPONSEFORMAT="tsv")).suffix == "tsv"


def test_a_request():
    wanted = wanted_request(asked(QUERY="SELECT 1", LANG="adql-2.1"), LIMITS, 5.0, "http://x", NOWHERE)
    assert (wanted.query, wanted.most_rows, wanted.seconds, wanted.base_url) == (
        "SELECT 1",
        10,
        5.0,
        "http://x",
    )


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"QUERY": " "},
        {"QUERY": "SELECT 1", "LANG": "SQL"},
        {"QUERY": "SELECT 1", "REQUEST": "x"},
        {"QUERY": "1", "MAXREC": "-1"},
    ],
)
def test_wrong_requests(given):
    with pytest.raises(ParameterError):
        wanted_request(asked(**given), LIMITS, 5.0, "", NOWHERE)


def test_a_parameter_given_twice():
    assert Parameters.of([("a", "1"), ("A", "1")]).text("A") == "1"
    with pytest.raises(ParameterError, match="once"):
        Parameters.of([("a", "1"), ("A", "2")]).text("A")


@pytest.mark.parametrize("value", ["x", "", "nan", "inf", "361", "-1"])
def test_numbers_have_limits(value):
    assert asked(RA="12.5").number("RA", 0, 360) == 12.5
    with pytest.raises(ParameterError, match="0 to 360"):
        asked(RA=value).number("RA", 0, 360)


def votable(**columns) -> bytes:
    stream = io.BytesIO()
    writeto(from_table(Table(columns)), stream)
    return stream.getvalue()


def test_an_upload_becomes_arrays():
    content = votable(
        RA=np.array([1.5, np.nan]),
        n=MaskedColumn([7, 8], mask=[False, True], dtype="i4"),
        name=np.array(["a'b", 'c"\\']),
    )
    table = read_upload("Mine", content, 5)
    assert (table.name, table.rows) == ("mine", 2)
    assert [c.name for c in table.columns] == ["ra", "n", "name"]
    assert table.types == ("double precision", "integer", "text")
    assert table.arrays == ("{1.5,NULL}", "{7,NULL}", '{"a\'b","c\\"\\\\"}')
    assert table.relation.name == "tap_upload.mine"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x", votable(a=np.arange(6)), "at most 5"),
        ("x", b"<VOTABLE", "no VOTable"),
        ("a;b", votable(a=[1]), "letter"),
        ("x", votable(a=np.ones((2, 2))), "numbers or texts"),
        ("x", votable(a=[1], A=[2]), "differ"),
    ],
)
def test_wrong_uploads(name, content, said):
    with pytest.raises(UploadError, match=said):
        read_upload(name, content, 5)


def test_rows_of_all_uploads_count_together():
    files = {"f": votable(a=np.arange(3)), "g": votable(a=np.arange(3))}
    with pytest.raises(UploadError, match="at most 2"):
        read_uploads(
            Parameters({"UPLOAD": ["a,param:f", "b,param:g"]}, files), LIMITS, OwnResults("", NOWHERE)
        )
    assert (
        len(read_uploads(Parameters({"UPLOAD": ["a,param:f;"]}, files), LIMITS, OwnResults("", NOWHERE))) == 1
    )


def test_only_own_results_are_read_by_their_addresses(tmp_path):
    results = OwnResults("http://x", tmp_path)
    (tmp_path / f"{'a' * 24}.result").write_bytes(b"rows")
    address = f"http://x/tap/async/{'a' * 24}/results/result"
    assert results.read(address) == b"rows"
    for other in (
        address.replace("x", "y", 1), address[8:], f"http://x/tap/async/{'b' * 24}/results/result", "file:///etc/passwd",
        "http://x/tap/async/../../../etc/passwd/results/result",
    ):  # fmt: skip
        assert results.read(other) is None


def test_examples_are_a_page():
    page = examples_document("http://x")
    assert page.count('typeof="example"') == len(EXAMPLES)
    assert "&lt;" not in page or "<script" not in page
