"""Keys of the version before: taken with a sentence that says what to write, and never with a value."""

from pathlib import Path

import pytest
import yaml

from ompycord.errors import ConfigurationError
from ompycord.settings import load_settings
from ompycord.settings.former import in_present_keys

SECRET = "hunter2"


def written(folder: Path, content: dict[str, object]) -> Path:
    (folder / "ompycord.yml").write_text(yaml.safe_dump(content))
    return folder


@pytest.mark.parametrize("option", ["dialect", "mode", "model"])
def test_an_option_that_its_kind_never_read_is_taken_and_named(tmp_path: Path, option: str) -> None:
    agent = {"kind": "command", "command": ["true"], option: SECRET}
    settings = load_settings(environ={}, folder=written(tmp_path, {"agents": {"tidy": agent}}))
    assert settings.warnings == (
        f"agents.tidy.{option} means nothing for this kind. Delete it: the next version refuses it.",
    )
    assert settings.agents["tidy"].command == ("true",)


def test_the_kind_and_the_option_may_come_from_different_layers(tmp_path: Path) -> None:
    folder = written(tmp_path, {"agents": {"tidy": {"kind": "rehearsal"}}})
    settings = load_settings(environ={"OMPYCORD_AGENTS__TIDY__MODE": SECRET}, folder=folder)
    assert len(settings.warnings) == 1


def test_an_option_of_its_kind_is_judged_and_no_former_key(tmp_path: Path) -> None:
    agent = {"kind": "omp_rpc", "dialect": "pi"}
    settings = load_settings(environ={}, folder=written(tmp_path, {"agents": {"older": agent}}))
    assert settings.warnings == ()
    assert settings.agents["older"].model_dump()["dialect"] == "pi"
    agent["dialect"] = SECRET
    with pytest.raises(ConfigurationError, match=r"^agents\.older\.dialect: Input should be 'omp' or 'pi'$"):
        load_settings(environ={}, folder=written(tmp_path, {"agents": {"older": agent}}))


def test_an_option_that_no_kind_ever_had_is_a_mistake(tmp_path: Path) -> None:
    agent = {"kind": "command", "command": ["true"], "modle": SECRET}
    with pytest.raises(ConfigurationError, match=r"^agents\.tidy\.modle: there is no such setting$"):
        load_settings(environ={}, folder=written(tmp_path, {"agents": {"tidy": agent}}))


def test_a_renamed_key_moves_its_value_and_the_present_name_goes_before_it() -> None:
    table = {("hall", "*", "lamp"): ("hall", "*", "light", "on"), ("old",): ("new",)}
    data = {"hall": {"a": {"lamp": SECRET}, "b": {"lamp": 1, "light": {"on": 2}}}, "old": 3}
    present, warnings = in_present_keys(data, options={}, former=table)
    assert present == {"hall": {"a": {"light": {"on": SECRET}}, "b": {"light": {"on": 2}}}, "new": 3}
    assert warnings == (
        "hall.a.lamp is called hall.a.light.on now. Rename it: the next version refuses the old name.",
        "hall.b.lamp is called hall.b.light.on now. Rename it: the next version refuses the old name.",
        "old is called new now. Rename it: the next version refuses the old name.",
    )
    assert data["old"] == 3


@pytest.mark.parametrize("agents", [None, [], "x", {"a": None}, {"a": {"mode": "x"}}, {"a": {"kind": [], "mode": "x"}}])
def test_what_has_another_shape_is_left_to_the_judgement_of_the_model(agents: object) -> None:
    data = {"agents": agents}
    assert in_present_keys(data, options={"acp": frozenset({"mode"})}) == (data, ())


def test_the_former_name_of_the_profile_is_taken_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text("preset: solo\n", encoding="utf-8")
    settings = load_settings(environ={}, folder=tmp_path)
    assert (settings.profile, settings.limits.parallel_runs) == ("solo", 1)
    assert settings.warnings == ("preset is called profile now. Rename it: the next version refuses the old name.",)
    by_variable = load_settings(environ={"OMPYCORD_PRESET": "server"}, folder=tmp_path)
    assert by_variable.profile == "server"
    assert (
        by_variable.limits.parallel_runs
        == load_settings(environ={"OMPYCORD_PROFILE": "server"}, folder=tmp_path / "none").limits.parallel_runs
    )
