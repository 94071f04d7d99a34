"""Set-up scripts, lock and compose file, as far as they can be tried without a fresh machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.metadata import version

import jsonschema
import pytest
import yaml

from app.cli import serve
from app.db.server_config import configuration
from app.settings import OTHER_VARIABLES, Settings
from tests.worlds.places import ROOT

SETUP = ROOT / "app" / "setup"

# The keys of the compose specification that this file may use, with the forms it uses them in.
TEXTS = {"type": "array", "items": {"type": "string"}}
DEPENDENCY = {
    "type": "object",
    "properties": {
        "condition": {"enum": ["service_started", "service_healthy", "service_completed_successfully"]}
    },
    "required": ["condition"],
    "additionalProperties": False,
}
SERVICE = {
    "type": "object",
    "properties": {
        "build": {
            "type": "object",
            "properties": {
                "context": {"type": "string"},
                "target": {"type": "string"},
                "args": {"type": "object"},
            },
            "additionalProperties": False,
        },
        "image": {"type": "string"},
        "init": {"type": "boolean"},
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "command": TEXTS,
        "environment": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
        "shm_size": {"type": ["string", "number"]},
        "volumes": TEXTS,
        "networks": TEXTS,
        "ports": TEXTS,
        "profiles": TEXTS,
        "stop_grace_period": {"type": "string", "pattern": r"^\d+s$"},
        "depends_on": {"type": "object", "additionalProperties": DEPENDENCY},
        "healthcheck": {
            "type": "object",
            "properties": {
                "test": TEXTS,
                "interval": {"type": "string"},
                "timeout": {"type": "string"},
                "retries": {"type": "integer"},
                "start_period": {"type": "string"},
            },
            "additionalProperties": False,
        },
    },
    "required": ["image"],
    "additionalProperties": False,
}
COMPOSE = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object"},
        "networks": {
            "type": "object",
            "additionalProperties": {"type": "object", "properties": {"internal": {"type": "boolean"}}},
        },
    },
    "patternProperties": {"^x-": {}},
    "required": ["services"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_compose_follows_the_specification(compose):
    jsonschema.validate(compose, COMPOSE)
    for service in compose["services"].values():
        named = [volume.split(":")[0] for volume in service["volumes"] if volume[0] not in "./$"]
        assert set(named) <= set(compose["volumes"])
        assert set(service["networks"]) <= set(compose["networks"])
        assert set(service.get("depends_on", {})) <= set(compose["services"])


def test_compose_by_its_own_program():
    program = shutil.which("docker")
    asked = [program, "compose", "version"] if program else ["false"]
    if subprocess.run(asked, capture_output=True, check=False).returncode != 0:
        pytest.skip("docker compose is not here")
    command = [program, "compose", "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_workers_scale_and_nothing_is_open(compose):
    services = compose["services"]
    assert "container_name" not in services["worker"]
    # Only the services over HTTP, on this machine alone, are reached from outside.
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "serve": ["127.0.0.1:8080:8080"]
    }
    assert [name for name, service in services.items() if "outside" in service["networks"]] == ["serve"]
    # Trust is right only as long as nobody else can reach the server.
    assert compose["networks"]["inside"]["internal"] is True
    grace = int(services["worker"]["stop_grace_period"].removesuffix("s"))
    assert grace > Settings.model_fields["grace_seconds"].default


def test_the_unit_names_what_is_there():
    text = (SETUP / "mapps-serve.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/mapps/.venv/bin/mapps serve\n" in text
    stop = int(re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)[1])
    assert stop > serve.SHUTDOWN_SECONDS
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not here")
    done = subprocess.run(
        [program, "verify", str(SETUP / "mapps-serve.service")], capture_output=True, text=True, check=False
    )
    unknown = [line for line in done.stderr.splitlines() if "Unknown" in line or "Failed to parse" in line]
    assert unknown == []


def test_compose_server_has_the_private_servers_settings(compose):
    words = compose["services"]["database"]["command"][1:]
    given = dict(word.split("=", 1) for word in words if word != "-c")
    ours = dict(
        re.findall(r"^(\w+) = '?([^'\n]+)'?$", "\n".join(configuration(durable=True, lz4=True)), re.MULTILINE)
    )
    # Memory is a share of the machine's there and a plain figure here.
    del given["shared_buffers"], ours["shared_buffers"]
    assert given == ours


def test_compose_variables_are_settings(compose):
    known = {f"MAPPS_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    for service in compose["services"].values():
        used = {name for name in service["environment"] if name.startswith("MAPPS_")}
        assert used <= known


def test_images_are_those_of_the_dockerfile(compose):
    stages = re.findall(
        r"^FROM \S+ AS (\w+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {service["build"]["target"] for service in compose["services"].values()} == set(stages)


def lock_lines():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_lock_pins_everything_exactly_and_names_no_index():
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.+]*", line) for line in lock_lines())


def test_lock_holds_what_the_project_asks_for():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["test"]
    names = {re.match(r"[A-Za-z0-9_-]+", line)[0].lower().replace("_", "-") for line in asked}
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lock_lines()}
    assert names <= pinned


def test_lock_is_what_runs():
    pins = dict(line.split("==") for line in lock_lines())
    for name in ("numpy", "psycopg", "SQLAlchemy", "pytest"):
        assert version(name) == pins[name]


def test_setup_names_no_registry():
    for path in [*SETUP.iterdir(), ROOT / "Dockerfile", ROOT / "Makefile", ROOT / "requirements.lock"]:
        assert "://" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("script", ["install.sh", "apt.sh", "python.sh"])
def test_scripts_parse(script):
    done = subprocess.run(["sh", "-n", str(SETUP / script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


ONE_LINE = """\
# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib
deb http://sec.example/debian-security bookworm-security main
"""
DEB822 = """\
Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm bookworm-backports

Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
"""


@pytest.mark.parametrize(
    ("name", "text"), [("sources.list", ONE_LINE), ("sources.list.d/debian.sources", DEB822)]
)
def test_mirror_is_that_of_the_machine(tmp_path, name, text):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")

    def mirror(suite):
        code = f'set -eu; . "{SETUP}/apt.sh"; own_mirror {suite} "{tmp_path}"'
        return subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    assert mirror("bookworm") == "http://mirror.example/debian"
    assert mirror("bookworm-backports") == ""
