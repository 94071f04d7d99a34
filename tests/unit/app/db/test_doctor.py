from __future__ import annotations

import json

import pytest

from app.cli import main, output
from app.db import binaries, doctor
from app.errors import ClusterError
from app.settings import get_settings


@pytest.fixture(autouse=True)
def _text_mode():
    output.forget_mode()
    yield
    output.forget_mode()


def test_all_is_well(live_database, capsys):
    assert main.run(["doctor", "--deep"]) == 0
    assert "FAILED" not in capsys.readouterr().out


def test_every_failure_says_its_command(settings, monkeypatch, capsys):
    monkeypatch.setattr(binaries, "VERSIONED_ROOTS", ())
    monkeypatch.setattr(binaries.shutil, "which", lambda _name: None)
    monkeypatch.setenv("MAPPS_STORE_URL", "/proc/store")
    get_settings.cache_clear()
    assert main.run(["doctor", "--json"]) == 3
    found = {row["check"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["server programs"]["remedy"].endswith("app/setup/install.sh --system")
    assert found["database"]["remedy"] == "mapps db start"
    assert found["file store"]["remedy"].endswith("/proc/store")
    assert [row["check"] for row in found.values() if row["state"] == "FAILED" and not row["remedy"]] == []


@pytest.mark.parametrize(
    "url",
    [
        "mysql://astro:s3cret@db.example/mapps",
        "astro:s3cret@db.example/mapps",
        "postgresql://a:s3/cret@x:1/m",
    ],
)
def test_a_database_that_is_misspelt_has_a_remedy_and_keeps_its_secret(settings, monkeypatch, capsys, url):
    monkeypatch.setenv("MAPPS_DATABASE_URL", url)
    monkeypatch.setenv("MAPPS_STORE_URL", "ftp://survey:s3cret@127.0.0.1:9/store")
    get_settings.cache_clear()
    assert main.run(["doctor", "--json"]) == 3
    told = capsys.readouterr()
    found = {row["check"]: row for row in json.loads(told.out)}
    assert found["database"]["remedy"].startswith("export MAPPS_DATABASE_URL=")
    assert "does not answer" in found["file store"]["found"]
    assert "s3cret" not in told.out + told.err
    assert "cret" not in found["database"]["found"]


def test_unmigrated(empty_database, settings, monkeypatch):
    monkeypatch.setenv("MAPPS_DATABASE_URL", empty_database.url)
    get_settings.cache_clear()
    found = {finding.check: finding for finding in doctor.examine()}
    assert not found["tables"].ok
    assert found["tables"].remedy == "mapps db migrate"
    assert found["database"].ok


@pytest.mark.parametrize(
    ("version", "ok"),
    [
        ("", False),
        ("1.1.5", False),
        ("1.2.0", False),
        ("1.4.0", True),
        ("1.4.2", True),
        ("1.10", True),
        ("2.0", True),
    ],
)
def test_pgsphere_versions(version, ok):
    assert doctor.judge_pgsphere("pgSphere", version, "mend").ok is ok


@pytest.mark.database
def test_too_old_control_file(settings, monkeypatch, tmp_path):
    control = tmp_path / "pg_sphere.control"
    monkeypatch.setattr(doctor, "control_file", lambda _folder: control)
    assert not doctor.check_pgsphere_files().ok
    control.write_text("default_version = '1.2.0'\n", encoding="utf-8")
    finding = doctor.check_pgsphere_files()
    assert "1.2.0 is older than 1.4" in finding.found
    assert "install.sh --system" in finding.remedy


def test_full_disk(settings, monkeypatch):
    monkeypatch.setattr(doctor, "free_bytes", lambda _url: 1_000_000)
    finding = doctor.check_space()
    assert not finding.ok
    store = get_settings().store
    assert (
        f"mv {store} /a/larger/disk/mapps-store, export MAPPS_STORE_URL=/a/larger/disk/mapps-store"
        in finding.remedy
    )


def test_full_disk_of_the_database_or_of_a_store_elsewhere(settings, monkeypatch, tmp_path):
    store = f"file://{tmp_path / 'store'}"
    monkeypatch.setenv("MAPPS_STORE_URL", store)
    get_settings.cache_clear()
    home = str(settings.home)
    # The store has room: moving it would help nobody.
    monkeypatch.setattr(doctor, "free_bytes", lambda url: 1_000_000 if url == home else 10**12)
    remedy = doctor.check_space().remedy
    assert f"mapps db stop, mv {home} /a/larger/disk/mapps-home, export MAPPS_HOME=/a/larger" in remedy
    assert remedy.endswith("mapps db start")
    monkeypatch.setattr(doctor, "free_bytes", lambda url: 1_000_000 if url == store else 10**12)
    assert f"mv {tmp_path / 'store'} /a/larger/disk/mapps-store" in doctor.check_space().remedy
    monkeypatch.setenv("MAPPS_STORE_URL", "memory://x")
    get_settings.cache_clear()
    monkeypatch.setattr(doctor, "free_bytes", lambda url: 1_000_000 if url == "memory://x" else 10**12)
    assert doctor.check_space().remedy == "make room there"


@pytest.mark.parametrize(("of_home", "setting"), [(True, "MAPPS_HOME"), (False, "MAPPS_STORE_URL")])
def test_a_folder_that_cannot_be_looked_at_is_opened_and_not_replaced(
    settings, monkeypatch, tmp_path, of_home, setting
):
    place = str(settings.home / "data") if of_home else str(tmp_path / "mounted")

    def refused(_url):
        raise PermissionError(13, "Permission denied", place)

    monkeypatch.setattr(doctor, "free_bytes", refused)
    finding = doctor.check_space()
    assert (finding.ok, finding.found) == (False, f"{place}: Permission denied")
    # Another home would be an empty database: the folder is mended, or named where it is now.
    assert finding.remedy.startswith("mount the disk or give this user the folder")
    assert f"let {setting} name where it is now" in finding.remedy


def test_broken_invariant_shows_rows(live_database, monkeypatch, tmp_path):
    broken, whole = tmp_path / "broken.sql", tmp_path / "whole.sql"
    broken.write_text("SELECT 'scan 7' WHERE 'a%' LIKE 'a%'", encoding="utf-8")
    whole.write_text("SELECT 1 WHERE false", encoding="utf-8")
    monkeypatch.setattr(doctor, "scripts", lambda _folder: (broken, whole))
    first, second = doctor.check_invariants()
    assert (first.ok, second.ok) == (False, True)
    assert "scan 7" in first.found
    assert first.remedy == f"mapps db psql -f {broken}"


@pytest.mark.database
def test_named_binaries_are_taken_or_refused(tmp_path):
    with pytest.raises(ClusterError, match="MAPPS_PG_BIN"):
        binaries.find_binaries(tmp_path)
    found = binaries.find_binaries()
    assert binaries.find_binaries(found) == found
