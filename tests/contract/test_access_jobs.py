"""Asynchronous queries: as pyvo uses them, over plain HTTP, across restarts of the service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import pyvo

from app.access.application import application
from app.access.tap import job as jobs
from app.access.tap.runner import kept_parts, result_path
from app.models.access import Phase
from tests.contract.test_access_tap import SLOW, active, upload, wait_until
from tests.worlds.served import Served, made, running, served

# pyvo leaves the closing of its connections to the collector.
pytestmark = [
    pytest.mark.usefixtures("closed_pyvo"),
    pytest.mark.filterwarnings(
        "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning"
    ),
]


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster, jobs_at_once=2, jobs_of_client=30) as running_service:
        yield running_service


def begin(service: Served, text: str, **values: str) -> str:
    """Send a job and give its path."""
    data = {"LANG": "ADQL", "QUERY": text, "PHASE": "RUN", "RESPONSEFORMAT": "csv"} | values
    answer = service.client.post("/tap/async", data=data)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix(service.address)


def ended(service: Served, path: str) -> str:
    """Wait for the end of a job, and give its phase."""
    for _ in range(20):
        text = service.client.get(path, params={"WAIT": "5"}).text
        phase = text.partition("<uws:phase>")[2].partition("<")[0]
        if phase not in {"PENDING", "QUEUED", "EXECUTING"}:
            return phase
    return "too long"


def test_pyvo(service: Served) -> None:
    tap = pyvo.dal.TAPService(f"{service.address}/tap")
    assert "fp_psc" in tap.tables
    found = tap.run_sync("SELECT TOP 5 ra, dec, date FROM fp_psc", maxrec=3)
    assert len(found) == 3
    assert found.fieldnames == ("ra", "dec", "date")
    job = tap.submit_job("SELECT ra, dec FROM fp_psc WHERE j_m < 15", maxrec=7)
    assert job.phase == "PENDING"
    job.run().wait(phases=["COMPLETED", "ERROR"], timeout=30)
    job.raise_if_error()
    assert len(job.fetch_result()) == 7
    assert len(tap.get_job_list()) >= 1
    job.delete()
    assert service.client.get(f"/tap/async/{job.job_id}").status_code == 404
    with pytest.raises(pyvo.dal.DALQueryError, match="perhaps ra"):
        tap.run_sync("SELECT raa FROM fp_psc")
    with pytest.raises(pyvo.dal.DALQueryError, match="perhaps ra"):
        tap.run_async("SELECT raa FROM fp_psc")


def test_pyvo_uploads(service: Served) -> None:
    from astropy.table import Table

    tap = pyvo.dal.TAPService(f"{service.address}/tap")
    mine = Table({"name": ["a", "b"], "ra": [10.2, 45.0], "dec": [0.5, 89.0]})
    text = (
        "SELECT u.name, COUNT(*) AS n FROM TAP_UPLOAD.mine AS u JOIN fp_psc AS p"
        " ON DISTANCE(POINT(u.ra, u.dec), POINT(p.ra, p.dec)) < 1 GROUP BY u.name ORDER BY u.name"
    )
    rows = [tuple(row) for row in tap.run_sync(text, uploads={"mine": mine}).to_table()]
    assert [name for name, _ in rows] == ["a", "b"]
    later = tap.run_async(text, uploads={"mine": mine})
    assert [tuple(row) for row in later.to_table()] == rows


def test_the_result_of_a_job_is_a_table_of_the_next_query(service: Served) -> None:
    path = begin(service, "SELECT TOP 3 pts_key FROM fp_psc", RESPONSEFORMAT="votable")
    assert ended(service, path) == "COMPLETED"
    answer = service.client.post(
        "/tap/sync",
        data={
            "LANG": "ADQL", "RESPONSEFORMAT": "csv", "UPLOAD": f"t,{service.address}{path}/results/result",
            "QUERY": "SELECT COUNT(*) AS n FROM TAP_UPLOAD.t AS t JOIN fp_psc AS p USING (pts_key)",
        },
    )  # fmt: skip
    assert answer.text == "n\n3\n"


def test_pyvo_cone_search(service: Served) -> None:
    found = pyvo.dal.SCSService(f"{service.address}/scs").search((10.2, 0.5), 0.2)
    assert len(found) > 0
    assert found[0].id


def test_a_job_and_its_parts(service: Served) -> None:
    path = begin(service, "SELECT pts_key FROM fp_psc", MAXREC="4", RUNID="my label", PHASE="")
    get = service.client.get
    assert get(f"{path}/phase").text == "PENDING"
    assert get(f"{path}/executionduration").text == "3600"
    assert (
        service.client.post(f"{path}/executionduration", data={"EXECUTIONDURATION": "9"}).status_code == 303
    )
    assert get(f"{path}/executionduration").text == "9"
    service.client.post(f"{path}/executionduration", data={"EXECUTIONDURATION": "99999"})
    assert get(f"{path}/executionduration").text == "3600"
    service.client.post(f"{path}/destruction", data={"DESTRUCTION": "2031-01-01T00:00:00Z"})
    assert get(f"{path}/destruction").text < "2031"
    assert service.client.post(f"{path}/parameters", data={"MAXREC": "6"}).status_code == 303
    assert '<uws:parameter id="MAXREC">6<' in get(f"{path}/parameters").text
    assert get(f"{path}/results/result").status_code == 409
    assert get(f"{path}/quote").text == ""
    assert service.client.post(f"{path}/phase", data={"PHASE": "RUN"}).status_code == 303
    assert ended(service, path) == "COMPLETED"
    assert "my label" in get(path).text
    assert 'id="result"' in get(f"{path}/results").text
    result = get(f"{path}/results/result")
    assert len(result.text.splitlines()) == 7
    assert result.headers["content-type"].startswith("text/csv")
    assert service.client.post(f"{path}/phase", data={"PHASE": "RUN"}).status_code == 409
    assert service.client.post(f"{path}/parameters", data={"MAXREC": "6"}).status_code == 409
    file = result_path(service.services.folder, path.rpartition("/")[2])
    assert file.is_file()
    assert service.client.delete(path).status_code == 303
    assert not file.is_file()
    assert get(path).status_code == 404


def test_an_error_of_a_job_is_told(service: Served) -> None:
    path = begin(service, "SELECT nothing FROM fp_psc")
    assert ended(service, path) == "ERROR"
    assert "nothing" in service.client.get(path).text
    answer = service.client.get(f"{path}/error")
    assert answer.headers["content-type"].startswith("application/x-votable+xml")
    assert "there is no column" in answer.text


@pytest.mark.parametrize("way", ["abort", "delete"])
def test_ending_a_job_reaches_the_database(service: Served, way: str) -> None:
    path = begin(service, SLOW)
    assert wait_until(lambda: active(service) == 1, 10)
    if way == "abort":
        service.client.post(f"{path}/phase", data={"PHASE": "ABORT"})
        assert service.client.get(f"{path}/phase").text == "ABORTED"
    else:
        service.client.post(path, data={"ACTION": "DELETE"})
    assert wait_until(lambda: active(service) == 0, 5)
    if way == "abort":
        assert service.client.get(f"{path}/phase").text == "ABORTED"


def test_the_duration_of_a_job_is_limited(service: Served) -> None:
    path = begin(service, SLOW, PHASE="")
    service.client.post(f"{path}/executionduration", data={"EXECUTIONDURATION": "1"})
    service.client.post(f"{path}/phase", data={"PHASE": "RUN"})
    assert ended(service, path) == "ERROR"
    assert "longer than its limit" in service.client.get(path).text


def test_lists_are_filtered(service: Served) -> None:
    first = begin(service, "SELECT 1", PHASE="").rpartition("/")[2]
    second = begin(service, "SELECT 1", PHASE="").rpartition("/")[2]

    def listed(**parameters: str) -> list[str]:
        text = service.client.get("/tap/async", params=parameters).text
        return [part.partition('"')[0] for part in text.split('<uws:jobref id="')[1:]]

    assert listed(PHASE="PENDING", LAST="2") == [second, first]
    assert first not in listed(PHASE="COMPLETED")
    assert listed(AFTER="2099-01-01") == []
    assert service.client.get("/tap/async", params={"AFTER": "yesterday"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/phase", {"PHASE": "STOP"}, 400),
        ("/owner", {"OWNER": "me"}, 400),
        ("/destruction", {"DESTRUCTION": "soon"}, 400),
    ],
)
def test_wrong_changes_are_told(service: Served, path: str, data: dict[str, str], status: int) -> None:
    job = begin(service, "SELECT 1", PHASE="")
    assert service.client.post(job + path, data=data).status_code == status
    assert service.client.get(f"{job}/nothing").status_code == 400
    assert service.client.get("/tap/async/unknown").status_code == 404


def test_a_client_has_a_limited_number_of_jobs(service: Served) -> None:
    with psycopg.connect(service.database.url, autocommit=True) as connection:
        limits = service.services.limits
        for _ in range(limits.jobs_of_client):
            jobs.add_job(connection, jobs.Parameters({}), "another", limits)
        with pytest.raises(jobs.ConflictError, match="30 jobs already"):
            jobs.add_job(connection, jobs.Parameters({}), "another", limits)
        assert len(jobs.list_jobs(connection, "another")) == 30


def test_jobs_survive_the_service(service: Served) -> None:
    """A job that ran when its service ended is begun anew by the next; its uploaded tables are still there."""
    other = made(service.services.folder.parent)
    with psycopg.connect(service.database.url, autocommit=True) as connection:
        parameters = jobs.Parameters({
            "QUERY": ["SELECT u.x FROM TAP_UPLOAD.t AS u"], "LANG": ["ADQL"], "UPLOAD": ["t,param:f"],
            "RESPONSEFORMAT": ["csv"],
        })  # fmt: skip
        job_id = jobs.add_job(connection, parameters, "x", other.limits)
        fields = '<FIELD name="x" datatype="int"/>'
        other.folder.mkdir(exist_ok=True)
        (other.folder / f"{job_id}.{b'f'.hex()}.upload").write_bytes(upload("<TR><TD>42</TD></TR>", fields))
        assert list(kept_parts(other.folder, job_id)) == ["f"]
        connection.execute(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND d.datname = current_database()"
        )
        jobs.change_phase(connection, job_id, Phase.EXECUTING, (Phase.PENDING,))
        with running(application(other)):
            end = time.monotonic() + 15
            while (
                found := jobs.find_job(connection, job_id)
            ).phase != Phase.COMPLETED and time.monotonic() < end:
                assert found.phase != Phase.ERROR, found.error_text
    assert result_path(other.folder, job_id).read_text() == "x\n42\n"


def test_jobs_are_removed_when_their_time_has_come(service: Served) -> None:
    path = begin(service, "SELECT 1")
    assert ended(service, path) == "COMPLETED"
    service.client.post(f"{path}/destruction", data={"DESTRUCTION": "2001-01-01T00:00:00Z"})
    assert wait_until(lambda: service.client.get(path).status_code == 404, 10)
    assert not result_path(service.services.folder, path.rpartition("/")[2]).exists()
