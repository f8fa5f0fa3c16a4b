"""What is shown and what is hidden, as paths."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ompycord.domain.repository import Grants, Sandbox
from ompycord.processes.launcher_port import Layout, is_enough
from ompycord.workspaces.confinement.sandbox_view import sandbox_view, without


def test_a_folder_is_split_around_what_is_hidden_in_it(tmp_path: Path) -> None:
    for name in ("a", "b/secret", "b/open"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "b/secret")
    shown = list(without(tmp_path, [tmp_path / "b/secret"]))
    assert shown == [tmp_path / "a", tmp_path / "b/open"]
    assert list(without(tmp_path / "a", [tmp_path / "b/secret"])) == [tmp_path / "a"]


def test_a_path_of_the_whole_home_or_of_the_data_folder_shows_neither(tmp_path: Path) -> None:
    data = tmp_path / "data"
    tree = data / "workspaces/x/clone"
    tree.mkdir(parents=True)
    path = f"{Path.home()}:{tmp_path}:{data}:/usr/bin"
    seen = sandbox_view(Layout(tree), program=Path("/usr/bin/env"), path=path, hidden=(data,))
    assert not {Path.home(), tmp_path, data} & set(seen.readable)
    assert data in seen.hidden


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "OMP_WEBHOOK_SECRET", "OMPYCORD_KEY", "1ST", "A=B"])
def test_no_variable_of_the_bots_own_is_granted(name: str) -> None:
    with pytest.raises(ValidationError):
        Grants(variables=(name,))


def test_a_wish_for_no_network_is_a_wish_for_a_level_that_can_deny_it() -> None:
    offline = Sandbox(minimum="none", network=False)
    assert [is_enough(level, offline) for level in ("full", "files+net", "files", "none")] == [True, True, False, False]
    assert is_enough("none", Sandbox(minimum="none"))


def shown(home: Path, program: Path) -> list[Path]:
    """What is seen of a home for this program, with nothing of it in the PATH."""
    tree = home.parent / "data/run/clone"
    tree.mkdir(parents=True, exist_ok=True)
    seen = sandbox_view(Layout(tree), program=program, path="/usr/bin", hidden=(home.parent / "data",))
    return [one for one in seen.readable if one.is_relative_to(home)]


def script(path: Path, first: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{first}\n" if first else "")
    path.chmod(0o755)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    return path


def test_the_python_of_a_virtual_environment_is_seen_wherever_it_lies(home: Path) -> None:
    python = script(home / ".pyenv/versions/3.12/bin/python3.12")
    (home / ".pyenv/versions/3.12/lib").mkdir()
    venv = home / "agent/venv"
    program = script(venv / "bin/agent", str(venv / "bin/python"))
    (venv / "bin/python").symlink_to(python)
    (venv / "pyvenv.cfg").write_text(f"home = {python.parent}\nversion = 3.12\n")
    (home / "secret").mkdir()

    seen = shown(home, program)

    assert {venv, python.parent, python.parents[1] / "lib"} <= set(seen)
    assert not {home, home / "secret", home / "agent"} & set(seen)
    elsewhere = script(home / "bin/agent", str(venv / "bin/python"))  # as pipx and uv install their programs
    assert {venv, python.parent} <= set(shown(home, elsewhere))


def test_the_python_is_seen_where_only_its_settings_or_only_a_link_names_it(home: Path) -> None:
    """A copied interpreter (`venv --copies`); a script in sh that starts one, as pip writes for long paths."""
    python = script(home / ".pyenv/versions/3.12/bin/python3.12")
    copied = home / "copied"
    script(copied / "bin/python")
    (copied / "pyvenv.cfg").write_text(f"home = {python.parent}\n")
    linked = home / "linked"
    program = script(linked / "bin/agent", "/bin/sh")
    (linked / "bin/python3").symlink_to(python)
    (linked / "pyvenv.cfg").write_text("version = 3.12\n")
    assert {copied, python.parent} <= set(shown(home, copied / "bin/python"))
    assert {linked, python.parent} <= set(shown(home, program))


def test_a_program_that_node_modules_has_a_link_to_is_seen_with_its_package(home: Path) -> None:
    shop = home / "shop"
    cli = script(shop / "packages/agent/dist/cli.js", "/usr/bin/env node")
    (shop / "packages/agent/package.json").write_text("{}")
    store = shop / "node_modules/.pnpm/tool@1/node_modules/tool"
    store.mkdir(parents=True)
    modules = shop / "packages/web/node_modules"
    (modules / ".bin").mkdir(parents=True)
    (modules / ".bin/agent").symlink_to(cli)
    (modules / "tool").symlink_to(store)
    (modules / "@scope").mkdir()
    (modules / "@scope/lib").symlink_to(shop / "packages/agent")
    (shop / ".env").write_text("SECRET=1")

    seen = shown(home, modules / ".bin/agent")

    assert {modules, shop / "packages/agent", shop / "node_modules"} <= set(seen)
    assert not {shop, shop / ".env", shop / "packages"} & set(seen)
