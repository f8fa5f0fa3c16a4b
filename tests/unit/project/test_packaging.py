"""What ships: the wheel with its migrations, the compose file and the service as hardened as they say.

The workflow's matrix.
"""

import configparser
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.support.patience import patient

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))


def test_the_wheel_holds_the_program_its_page_and_its_migrations(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=patient(60))
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [entry] = [name for name in names if name.endswith("entry_points.txt")]
        assert "ompycord = ompycord.cli:main" in archive.read(entry).decode()
        points = configparser.ConfigParser()
        points.read_string(archive.read(entry).decode())
    for group, declared in PROJECT["project"]["entry-points"].items():
        assert dict(points[group]) == declared
    for migration in Path("alembic-free-migrations").glob("*.sql"):
        assert f"ompycord/store/migrations_sql/{migration.name}" in names
    code = {
        str(file.as_posix())
        for file in Path("ompycord").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert code - names == set()
    assert not [name for name in names if name.startswith(("tests/", "bench/", "tools/"))]


@pytest.mark.parametrize(
    "requirement", [one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra]
)
def test_what_an_extra_needs_has_a_floor_and_a_cap(requirement: str) -> None:
    assert {specifier.operator for specifier in Requirement(requirement).specifier} == {">=", "<"}


def test_the_container_is_shut_in_and_its_secrets_are_files() -> None:
    compose: dict[str, Any] = yaml.safe_load(Path("docker-compose.yml").read_text(encoding="utf-8"))
    [service] = compose["services"].values()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert int(service["stop_grace_period"].removesuffix("s")) >= 40
    assert service["healthcheck"]["test"][:3] == ["CMD", "ompycord", "healthcheck"]
    secrets = {name for name in service["environment"] if name.endswith("_FILE")}
    assert secrets == {"DISCORD_TOKEN_FILE", "OMP_WEBHOOK_SECRET_FILE"}
    assert {service["environment"][name].rpartition("/")[2] for name in secrets} == set(service["secrets"])
    assert set(service["secrets"]) == set(compose["secrets"])
    assert not {"privileged", "network_mode", "pid", "cap_add"} & set(service)


def test_the_image_runs_as_the_user_of_the_compose_file() -> None:
    text = Path("deploy/Dockerfile").read_text(encoding="utf-8")
    compose = yaml.safe_load(Path("docker-compose.yml").read_text(encoding="utf-8"))
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == [compose["services"]["ompycord"]["user"]]
    assert "--require-hashes" in text
    assert re.findall(r'^ENTRYPOINT \["(\w+)"\]', text, re.MULTILINE) == ["ompycord"]


def test_the_service_ends_in_order_and_does_not_repeat_what_cannot_mend_itself() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]  # systemd's keys are case-sensitive
    unit.read("deploy/ompycord.service")
    service = unit["Service"]
    assert service["ExecStart"].endswith("/ompycord up")
    assert service["RestartPreventExitStatus"].split() == ["76", "77", "78"]
    assert int(service["TimeoutStopSec"]) >= 40
    assert (service["DynamicUser"], service["NoNewPrivileges"], service["ProtectSystem"]) == ("yes", "yes", "strict")
    assert service["CapabilityBoundingSet"] == ""
    assert service["KillMode"] == "mixed"  # agents get their own end from us first


def test_the_workflow_tries_three_systems_and_two_pythons_and_gates_coverage() -> None:
    jobs: dict[str, Any] = yaml.safe_load(Path(".github/workflows/test.yml").read_text(encoding="utf-8"))["jobs"]
    others = jobs["others"]["strategy"]["matrix"]
    assert others["os"] == ["macos-latest", "windows-latest"]
    assert others["python"] == jobs["linux"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    commands = " ".join(str(step.get("run", "")) for job in jobs.values() for step in job["steps"])
    for needed in (".ci/run", "ruff check", "pyright", "lint-imports", "pytest", "make coverage", "ompycord selftest"):
        assert needed in commands
    assert "--cov-fail-under=90" in Path("Makefile").read_text(encoding="utf-8")
