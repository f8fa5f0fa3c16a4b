"""What a branch proposes: its files and the names in them, against the commit at which it left its base.

That is what a forge shows of a pull request: the work of all runs on the branch, and nothing of the base's own.
"""

from pathlib import Path
from typing import Final

from ompycord.domain.checking.review_risk import public_names
from ompycord.domain.ports import ProposedChange
from ompycord.workspaces.diff import DIFF, changed_files
from ompycord.workspaces.git import TRANSFER_S, Git

__all__ = ["proposed_change"]

_DIFF_BYTES: Final = 4 * 1024 * 1024
"""Bytes of a diff in which names are looked for."""


async def proposed_change(
    git: Git, folder: Path, *, base: str, commit: str, behind: int, marker: str
) -> ProposedChange:
    """`base` is where the base is there now. Raises WorkspaceError."""
    left = await git.line("merge-base", base, commit, cwd=folder)
    ends = (left, commit, "--")
    names = await git.run(*DIFF, "-z", "--name-status", *ends, cwd=folder, marker=marker, timeout_s=TRANSFER_S)
    counts = await git.run(*DIFF, "-z", "--numstat", *ends, cwd=folder, marker=marker, timeout_s=TRANSFER_S)
    files, total = changed_files(names, counts)
    lines = await git.attempt(*DIFF, "--unified=0", *ends, cwd=folder, marker=marker, timeout_s=TRANSFER_S)
    diff = lines.stdout[:_DIFF_BYTES].decode("utf-8", "replace")
    return ProposedChange(behind=behind, files=files, total=total, names=public_names(diff))
