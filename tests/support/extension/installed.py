"""A distribution that adds a kind of agent and a parser of checks, laid out as pip would install it."""

import os
import re
import shutil
from pathlib import Path

__all__ = ["AGENTS", "PARSERS", "install", "install_project"]

AGENTS = {"goose": "goose_agent:AGENT"}
PARSERS = {"tap": "goose_tests:PARSER"}


def install(
    at: Path, *, name: str = "ompycord-goose", agents: dict[str, str] = AGENTS, parsers: dict[str, str] = PARSERS
) -> dict[str, str]:
    """Put it below `at`; the environment in which a Python finds it, before what that has."""
    for module in ("goose_agent.py", "goose_tests.py"):
        at.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(__file__).with_name(module), at)
    info = at / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    groups = {"ompycord.agents": agents, "ompycord.check_parsers": parsers}
    lines = [
        line for group, points in groups.items() for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join((str(at), str(Path.cwd())))}


def install_project(project: Path, site: Path) -> dict[str, str]:
    """As pip would lay it out: its module and the entry points of its own pyproject.toml."""
    text = (project / "pyproject.toml").read_text()
    name = re.search(r'^name = "(.+)"', text, re.MULTILINE)
    group = re.search(r'^\[project\.entry-points\."(.+)"\]\n(.+)', text, re.MULTILINE)
    assert name is not None
    assert group is not None
    info = site / f"{name[1].replace('-', '_')}-0.1.0.dist-info"
    info.mkdir(parents=True)
    for module in project.glob("*.py"):
        (site / module.name).write_text(module.read_text())
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name[1]}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[{group[1]}]\n{group[2].replace(chr(34), '')}\n")
    return {"PYTHONPATH": os.pathsep.join((str(site), str(Path.cwd())))}
