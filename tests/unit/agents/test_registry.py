"""Kinds of agents by entry points: ours, those of others, and the mistakes that a distribution can make."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from ompycord.agents.command import CommandAgent
from ompycord.agents.kind import AgentKind, AgentOptions, RepositoryFiles
from ompycord.agents.registry import AGENT_KINDS, adapters
from ompycord.agents.repository_settings import OWN_PROGRAM
from ompycord.domain.repository import AgentSpec
from ompycord.entry_points import Declared, Registry
from ompycord.errors import ConfigurationError
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from tests.support.agent_options import KINDS

GROUP = "ompycord.agents"


class GooseOptions(AgentOptions):
    """Another one."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (OWN_PROGRAM,)
    kind: Literal["goose"] = "goose"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


GOOSE = AgentKind(options=GooseOptions, adapter=CommandAgent)


def registry(*declared: Declared) -> Registry[AgentKind[Any]]:
    return Registry(group=GROUP, record=AgentKind, what="agent kind", declared=declared)


def point(value: str, *, name: str = "goose", of: str = "ompycord-goose") -> Declared:
    return of, EntryPoint(name=name, value=value, group=GROUP)


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of modules that nobody has imported yet."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_our_kinds_are_declared_and_each_has_its_adapter() -> None:
    assert AGENT_KINDS.names == KINDS
    assert {kind.name for kind in AGENT_KINDS.all()} == set(KINDS)
    made = adapters(launcher=UnconfinedLauncher(path=""))
    assert {name: type(adapter) for name, adapter in made.items()} == {
        kind.name: kind.adapter for kind in AGENT_KINDS.all()
    }


def test_only_the_kinds_that_are_asked_for_get_an_adapter() -> None:
    assert set(adapters(launcher=UnconfinedLauncher(path=""), kinds=["acp", "acp"])) == {"acp"}


def test_a_kind_of_another_distribution_is_one_of_all(modules: Path) -> None:
    (modules / "goose_of_test.py").write_text(f"from {__name__} import GOOSE as AGENT\n")
    assert registry(point("goose_of_test:AGENT")).get("goose") is GOOSE


def test_names_are_known_without_an_import_and_each_is_imported_when_it_is_asked_for(modules: Path) -> None:
    (modules / "never_imported.py").write_text("raise SystemExit('imported')\n")
    both = registry(point("never_imported:AGENT", name="other"), point(f"{__name__}:GOOSE"))
    assert both.names == ("goose", "other")
    assert both.get("goose").options is GooseOptions
    assert "never_imported" not in sys.modules


def test_a_kind_that_two_distributions_declare_is_refused_with_both() -> None:
    twice = registry(point("a:AGENT"), point("b:AGENT", of="rival"))
    with pytest.raises(
        ConfigurationError, match=r"agent kind goose is declared twice, by ompycord-goose and by rival\."
    ):
        _ = twice.names


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_module_anywhere", "No module named 'no_such_module_anywhere'"),
        ("raise RuntimeError('first line\\nsecond')", r"RuntimeError: first line\)"),
        ("def broken(:", "SyntaxError"),
        ("raise RuntimeError", r"\(RuntimeError\)"),
        ("OTHER = 1", "AttributeError"),
    ],
)
def test_one_that_cannot_be_imported_names_its_distribution_and_why(modules: Path, code: str, reason: str) -> None:
    (modules / "broken_of_test.py").write_text(code + "\n")
    with pytest.raises(ConfigurationError, match=reason) as caught:
        registry(point("broken_of_test:AGENT")).get("goose")
    assert "uninstall ompycord-goose" in str(caught.value)
    assert "\n" not in str(caught.value)
    sys.modules.pop("broken_of_test", None)


def test_one_that_is_no_kind_or_has_another_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is no AgentKind"):
        registry(point(f"{__name__}:GooseOptions")).get("goose")
    with pytest.raises(ConfigurationError, match="calls itself goose"):
        registry(point(f"{__name__}:GOOSE", name="duck")).get("duck")


def test_a_name_that_nobody_declares_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        registry().get("goose")


class Repeats(GooseOptions):
    """Declares a limit of every agent."""

    wall_s: float = 1


class Nameless(AgentOptions):
    """Has no name of its own."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (OWN_PROGRAM,)


class Silent(AgentOptions):
    """Says nothing of a repository's files."""

    kind: Literal["silent"] = "silent"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set


@pytest.mark.parametrize(
    ("options", "why"),
    [(Repeats, "has already: wall_s"), (Nameless, "Literal of one name"), (Silent, "takes from a repository")],
)
def test_options_that_repeat_or_lack_something_are_no_kind(options: type[AgentOptions], why: str) -> None:
    with pytest.raises(TypeError, match=why):
        AgentKind(options=options, adapter=CommandAgent)


def test_options_of_one_kind_are_not_taken_for_those_of_another() -> None:
    goose = GooseOptions(name="mine")
    assert GooseOptions.of(goose) is goose
    with pytest.raises(TypeError, match="mine is of kind plain"):
        GooseOptions.of(AgentSpec(name="mine", kind="plain"))
