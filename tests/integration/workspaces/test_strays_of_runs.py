"""All processes of the machine are looked through only where a run may have left some."""

import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec
from ompycord.workspaces import run_folders
from ompycord.workspaces.service import GitWorkspaces

pytestmark = pytest.mark.posix


async def test_a_run_is_looked_for_once_a_process_and_where_an_agent_has_been(
    workspaces: GitWorkspaces,
    after_crash: GitWorkspaces,
    repository: RepositorySpec,
    run: RunId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[tuple[str, ...]] = []

    async def counted(*markers: str) -> int:
        looked.append(markers)
        return 0

    monkeypatch.setattr(run_folders, "kill_strays", counted)
    prepared = await workspaces.prepare(run, repository, base=None)
    assert looked == [], "nothing was started for it"
    (prepared.path / "new.txt").write_text("x")
    await workspaces.collect(run, repository, message="work")
    assert looked == [(run, f"{run}.git")], "an agent has been there"
    await workspaces.publish(run, repository, branch="ompycord/x")
    await workspaces.discard(run)
    assert len(looked) == 1
    await after_crash.publish(run, repository, branch="ompycord/x")
    await after_crash.discard(run)
    assert len(looked) == 2, "once for what an earlier process left"
