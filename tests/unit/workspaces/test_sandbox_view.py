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


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "OMP_WEBHOOK_SECRET", "OMPYCORD_KEY", "lower", "A=B"])
def test_no_variable_of_the_bots_own_is_granted(name: str) -> None:
    with pytest.raises(ValidationError):
        Grants(variables=(name,))


def test_a_wish_for_no_network_is_a_wish_for_a_level_that_can_deny_it() -> None:
    offline = Sandbox(minimum="none", network=False)
    assert [is_enough(level, offline) for level in ("full", "files+net", "files", "none")] == [True, True, False, False]
    assert is_enough("none", Sandbox(minimum="none"))
