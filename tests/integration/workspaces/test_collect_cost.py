"""What collecting costs: `add` reads and stores only what changed, since the index knows the rest by then.

Inside the confinement the base's objects are read-only, and git stores again what it cannot mark as used (seen: 2.39).
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.workspaces import collect_program
from ompycord.workspaces.collect_program import InsideGit

pytestmark = pytest.mark.posix
FILES = 40


class WatchedGit(InsideGit):
    """Remembers which files git would read again when it is told to add."""

    unknown: list[str]

    def __call__(self, *arguments: str, text: str = "", **more: str) -> str:
        if arguments[0] == "add":
            self.unknown = super().__call__("diff-files", "--name-only").splitlines()
        return super().__call__(*arguments, text=text, **more)


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
    collect_program.use_alternates(git.folder, clone / ".git/objects")
    asked = {"base": base, "trailer": "", "message": "Change three files"}
    assert collect_program.collect(git, base, asked, tmp_path / "bundle") == 0
    assert git.unknown == ["file-3", "file-4"]
    assert git("diff-tree", "-r", "--name-only", base, collect_program.REF).split() == ["file-3", "file-4", "new"]
