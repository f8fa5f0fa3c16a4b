"""What is installed is locked by hash, names no index, and has a floor and a cap.

The locks agree with pyproject.toml.
"""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
DIRECT = PROJECT["project"]["dependencies"]
GROUPS = PROJECT["dependency-groups"]


def locked(name: str) -> dict[str, str]:
    found = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", Path(name).read_text(encoding="utf-8"), re.MULTILINE
    )
    return {canonicalize_name(package): version for package, version in found}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_hash_for_everything_and_names_no_index(name: str) -> None:
    text = Path(name).read_text(encoding="utf-8")
    assert not re.search(r"^\s*(--(extra-)?index-url|--find-links|-i |-f )|https?://", text, re.MULTILINE)
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) > 20
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("requirement", [*DIRECT, *GROUPS["dev"], *GROUPS["build"]])
def test_every_direct_dependency_has_a_floor_and_a_cap(requirement: str) -> None:
    operators = {specifier.operator for specifier in Requirement(requirement).specifier}
    assert operators == {">=", "<"}


@pytest.mark.parametrize("requirement", [*DIRECT, *GROUPS["build"]])
def test_the_lock_agrees_with_the_project(requirement: str) -> None:
    wanted = Requirement(requirement)
    for name in LOCKS:
        assert wanted.specifier.contains(locked(name)[canonicalize_name(wanted.name)])


def test_the_lock_of_the_tools_agrees_with_the_project() -> None:
    have = locked("requirements-dev.lock")
    for requirement in map(Requirement, GROUPS["dev"]):
        assert requirement.specifier.contains(have[canonicalize_name(requirement.name)])


def test_nothing_that_is_committed_names_this_machine_or_an_index() -> None:
    assert not Path("uv.lock").exists()


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_wanted_with_an_extra_is_pinned_with_it(lock: str) -> None:
    """Else a pip before 23.3 looks for the newest of it, and refuses that one, since it is not pinned."""
    pinned = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[([a-z0-9,_-]+)\])?==", Path(lock).read_text(encoding="utf-8"), re.MULTILINE
    )
    extras: dict[str, set[str]] = {name: {one for one in str(given).split(",") if one} for name, given in pinned}
    missing: list[str] = []
    for name in extras:
        try:
            wanted = [Requirement(text) for text in importlib.metadata.requires(name) or ()]
        except importlib.metadata.PackageNotFoundError:  # of another platform
            continue
        for one in wanted:
            is_on = one.marker is None or one.marker.evaluate({"extra": ""})
            if is_on and one.extras - extras.get(canonicalize_name(one.name), one.extras):
                missing.append(f"{name} wants {one}")
    assert missing == []
