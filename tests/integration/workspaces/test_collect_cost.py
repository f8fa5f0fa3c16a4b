"""What collecting costs: `add` reads and stores only what changed, since the index knows the rest by then.

Inside the confinement the base's objects are read-only, and git stores again what it cannot mark as used (seen: 2.39).
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ompycord.workspaces.collecting.inside_git import GitEnded, InsideGit
from ompycord.workspaces.collecting.main import collect, use_alternates
from ompycord.workspaces.collecting.request import REF, CollectRequest

pytestmark = pytest.mark.posix
FILES = 40


class WatchedGit(InsideGit):
    """Remembers which files git would read again when it is told to add."""

    unknown: list[str]

    def attempt(self, *arguments: str, data: bytes = b"", env: Mapping[str, str] | None = None) -> GitEnded:
        if arguments[0] == "add":
            self.unknown = super().attempt("diff-files", "--name-only").output.decode().splitlines()
        return super().attempt(*arguments, data=data, env=env)


def test_only_what_changed_is_read_and_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: Callable[..., str]
) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    shell("init", "--quiet", cwd=clone)
    for number in range(FILES):
        (clone / f"file-{number}").write_text(f"number {number}\n")
    shell("add", "--all", cwd=clone)
    shell("commit", "--quiet", "-m", "first", cwd=clone)
    base = shell("rev-parse", "HEAD", cwd=clone)
    (clone / "file-3").write_text("changed\n")
    (clone / "file-4").unlink()
    (clone / "new").write_text("new\n")
    monkeypatch.chdir(clone)
    git = WatchedGit(tmp_path / "inside.git")
    git("init", "--quiet", "--template=")
    objects = str(clone / ".git/objects")
    use_alternates(git.folder, [objects])
    request = CollectRequest(
        folder=str(git.folder),
        bundle=str(tmp_path / "bundle"),
        objects=objects,
        format="sha1",
        base=base,
        message="Change three files",
        trailer="",
        exclude="",
        modules=[],
    )
    assert collect(git, request)["result"]
    assert git.unknown == ["file-3", "file-4"]
    assert git("diff-tree", "-r", "--name-only", base, REF).split() == ["file-3", "file-4", "new"]
