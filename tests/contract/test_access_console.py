"""The console over HTTP: every page, live changes, and each write previewed, done, seen, and refused to others."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from psycopg.types.json import Jsonb

from app.production.runs import set_run_state
from tests.worlds.release import Box, key_of
from tests.worlds.served import TOKEN, Served, served
from tests.worlds.solutions import ZeroPoint, make_solution


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        running.world.scan(running.world.runs["plane"], 7, Box(100.0, 100.2, 0.0, 1.0), state="failed")
        running.world.connection.commit()
        yield running


REASON = "INPUT: a <b>bad</b> file; expected a good one; ingest it again"


@pytest.fixture(autouse=True)
def as_it_was(service: Served) -> None:
    """Tests change the run and its failed task, in any order."""
    connection = service.world.connection
    connection.execute("UPDATE production.run SET state = 'open', reason = NULL")
    connection.execute(
        "UPDATE production.task AS t SET state = 'failed', reason = %s FROM survey.scan AS s"
        " WHERE s.scan_key = t.scan_key AND s.scan = 7",
        (REASON,),
    )
    connection.commit()


@pytest.fixture
def operator(service: Served) -> Iterator[httpx.Client]:
    """A browser that has logged in."""
    with httpx.Client(base_url=service.address, timeout=30, headers={"origin": service.address}) as client:
        answer = client.post("/login", data={"person": "Ada", "token": TOKEN})
        assert answer.status_code == 303
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert "samesite=strict" in answer.headers["set-cookie"].lower()
        yield client


PAGES = (
    "/",
    "/runs/plane",
    "/nights",
    "/nights/1999-04-10n",
    "/nights/1999-04-10n/1",
    "/releases",
    "/releases/first",
    "/releases/first?band=k",
    "/releases/first/explain",
    "/releases/first/sky",
    "/nights/1999-04-10n/1/plane/1",
    "/fields",
    "/jobs",
    "/login",
)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_whole_and_loads_nothing_from_elsewhere(service: Served, address: str) -> None:
    answer = service.client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.text.count("<h1>") == 1
    assert re.findall(r"(?:src|href)=\"(?!/|#)", answer.text) == []
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert " style=" not in answer.text


def test_what_is_wrong_is_shown_with_its_remedy_and_escaped(service: Served) -> None:
    text = service.client.get("/").text
    assert "a &lt;b&gt;bad&lt;/b&gt; file" in text
    assert "ingest it again" in text
    assert "1 failed: scan" in text


def test_pages_name_their_things(service: Served) -> None:
    assert "first" in service.client.get("/releases").text
    assert 'href="/nights/1999-04-10n/1"' in service.client.get("/nights/1999-04-10n").text
    assert "No grade yet" in service.client.get("/nights/1999-04-10n/1").text
    text = service.client.get("/releases/first").text
    assert "released" in text
    # The whole sky is drawn from the property maps, whose cells of 1.8 degrees a few scans cover in part.
    assert re.search(r"<title>[\d.e-]+ % covered.* at RA", text)
    assert "--format healpix" in text
    for name in ("console.css", "console.js"):
        assert service.client.get(f"/static/{name}").status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/runs/nowhere", 404),
        ("/nights/never", 400),
        ("/releases/none", 404),
        ("/nights/1999-04-10n/99", 404),
        ("/static/x.js", 404),
    ],
)
def test_unknown_things_are_told(service: Served, address: str, status: int) -> None:
    assert service.client.get(address).status_code == status


def test_without_a_login_nothing_can_be_changed(service: Served) -> None:
    assert "<form" not in service.client.get("/runs/plane").text
    answer = service.client.post("/act/hold", data={"run": "plane"}, headers={"origin": service.address})
    assert answer.status_code == 403
    assert "log in at /login" in answer.text


@pytest.mark.parametrize(
    "headers", [{"origin": "http://elsewhere.example"}, {"origin": "null"}, {"origin": ""}]
)
def test_another_place_can_change_nothing(
    service: Served, operator: httpx.Client, headers: dict[str, str]
) -> None:
    answer = operator.post("/act/hold", data={"run": "plane", "confirm": "yes"}, headers=headers)
    assert answer.status_code == 403
    assert (
        service.client.post("/login", data={"person": "x", "token": TOKEN}, headers=headers).status_code
        == 403
    )
    assert run_state(service) == "open"


@pytest.mark.parametrize(
    "form",
    [{"person": "x", "token": "wrong"}, {"person": "", "token": TOKEN}, {"person": "<x>", "token": TOKEN}],
)
def test_a_login_takes_the_token_and_a_name(service: Served, form: dict[str, str]) -> None:
    answer = service.client.post("/login", data=form, headers={"origin": service.address})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_forged_cookie_is_none(service: Served) -> None:
    answer = service.client.post(
        "/act/hold",
        data={"run": "plane"},
        headers={"origin": service.address, "cookie": "mapps_operator=Ada:" + "0" * 64},
    )
    assert answer.status_code == 403


def run_state(service: Served) -> str:
    return service.world.rows("SELECT state FROM production.run WHERE name = 'plane'")[0][0]


def act(operator: httpx.Client, name: str, **form: str) -> str:
    """Preview an action, then confirm what the preview's form holds; gives the text of the preview."""
    shown = operator.post(f"/act/{name}", data=form | {"back": "/runs/plane"})
    assert shown.status_code == 200, shown.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
    done = operator.post(f"/act/{name}", data=hidden | {"confirm": "yes"})
    assert done.status_code == 303, done.text
    assert done.headers["location"].startswith("/runs/plane?done=")
    assert 'role="status"' in operator.get(done.headers["location"]).text
    return shown.text


def test_hold_and_resume(service: Served, operator: httpx.Client) -> None:
    page = operator.get("/runs/plane").text
    assert "Hold this run" in page
    operator.post("/act/hold", data={"run": "plane", "reason": "clouds"})
    assert run_state(service) == "open", "a preview changes nothing"
    assert "Run plane is held" in act(operator, "hold", run="plane", reason="clouds")
    assert run_state(service) == "held"
    assert service.world.rows("SELECT reason FROM production.run WHERE name = 'plane'") == [("clouds (Ada)",)]
    assert "Resume this run" in operator.get("/runs/plane").text
    assert "goes on" in act(operator, "resume", run="plane")
    assert run_state(service) == "open"


def test_override(service: Served, operator: httpx.Client) -> None:
    text = act(
        operator, "override", run="plane", night="1999-04-10n", first="1", last="2", score="3", flag="",
        reason="a plane",
    )  # fmt: skip
    assert "Scans 1 to 2" in text
    assert service.world.rows("SELECT score, reason, person FROM quality.override") == [(3, "a plane", "Ada")]
    assert "a plane" in operator.get("/runs/plane").text


@pytest.fixture
def recalled(service: Served) -> str:
    """A run into which a released scan is recalled; its raw file is known."""
    world = service.world
    if "again" not in world.runs:
        world.run("again")
        night = world.one("SELECT night_id FROM survey.scan WHERE scan_key = %s", key_of(1))
        file = world.insert(
            "survey", "raw_file", "raw_file_id", night_id=night, scan_key=key_of(1), kind="scan", band="j", url="x",
            sha256="f" * 64, size_bytes=1, header=Jsonb({}),
        )  # fmt: skip
        world.connection.execute(
            "INSERT INTO production.attempt_raw_file (attempt_id, raw_file_id) VALUES (%s, %s)",
            (world.scans[1][1], file),
        )
    world.connection.commit()
    return "again"


def test_recall(service: Served, operator: httpx.Client, recalled: str) -> None:
    form = {"run": "plane", "night": "1999-04-10n", "scans": "1"}
    refused = operator.post("/act/recall", data=form)
    assert refused.status_code == 400, "what a release rests on is never done again in place"
    assert "first" in refused.text
    assert "2 tasks of run plane" in act(operator, "recall", **form, into=recalled)
    query = (
        "SELECT t.kind, t.scan_key FROM production.task AS t JOIN production.run AS r USING (run_id)"
        " WHERE r.name = 'again' ORDER BY 1"
    )
    assert service.world.rows(query) == [
        ("night_calibration", None),
        ("scan", key_of(1)),
    ]


def test_adopt(service: Served, operator: httpx.Client) -> None:
    world = service.world
    run_id, attempt, _ = world.scans[1]
    solution = make_solution(world.connection, run_id, attempt, {key_of(1): ZeroPoint(0.25)})
    world.connection.commit()
    assert "solution" in act(operator, "adopt", solution=str(solution))
    assert world.rows("SELECT solution_id, adopted_by FROM calibration.adoption") == [(solution, "Ada")]
    assert str(solution) in operator.get("/nights/1999-04-10n").text


def test_retry(service: Served, operator: httpx.Client) -> None:
    assert "1 failed or dead tasks" in act(operator, "retry", run="plane", reason="")
    assert service.world.rows("SELECT state FROM production.task WHERE state = 'failed'") == []


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [
        ("hold", {"run": ""}, "no run"), ("hold", {"run": "nowhere"}, "nowhere"), ("adopt",
        {"solution": "x"}, "whole number"),
        ("adopt", {"solution": "999"}, "solution 999"), ("override", {"run": "plane",
        "night": "1999-04-10n", "first": "1"}, "no reason"),
        ("override", {"run": "plane", "night": "1999-04-10n", "first": "1", "reason": "x", "score": "11"}, "0 to 10"),
        ("recall", {"run": "plane", "night": "never"}, "never"), ("explode", {}, "no action"),
    ],
)  # fmt: skip
def test_wrong_forms_are_told(operator: httpx.Client, name: str, form: dict[str, str], said: str) -> None:
    answer = operator.post(f"/act/{name}", data=form)
    assert answer.status_code == 400
    assert said in answer.text


def test_browsers_get_a_page_where_there_is_none(service: Served, operator: httpx.Client) -> None:
    """Programs get a VOTable as ever, which a browser would only offer to save; an operator stays one."""
    wanted = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = service.client.get("/nosuch", headers=wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "there is no page" in answer.text
    assert 'href="/login"' in answer.text
    assert "<VOTABLE" in service.client.get("/nosuch").text
    assert "<VOTABLE" in service.client.get("/tap/async/never", headers=wanted).text
    told = operator.get("/runs/nowhere")
    assert told.status_code == 404
    assert "Operator: " in told.text


@pytest.mark.parametrize(
    "place", ["//elsewhere.example/", "/\\elsewhere.example/", "https://elsewhere.example/"]
)
def test_nobody_is_sent_elsewhere(operator: httpx.Client, place: str) -> None:
    answer = operator.post("/act/resume", data={"run": "plane", "confirm": "yes", "back": place})
    assert answer.headers["location"].startswith("/?done=")


def test_a_page_changes_by_itself(service: Served) -> None:
    """The first event is the page as it is; a change of the database comes within a second."""
    with service.client.stream("GET", "/events", params={"page": "/runs/plane"}) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: page"

        def change() -> None:
            with service.database.connect("operator", autocommit=True) as connection:
                from app.models.production import RunState

                set_run_state(connection, "plane", RunState.HELD, "seen at once")

        thread = threading.Thread(target=change)
        thread.start()
        assert any("seen at once" in line for line in lines)
        thread.join()
    assert service.client.get("/events", params={"page": "/nights"}).status_code == 404
