"""What is wrong with a plan for its repository, one sentence for each fault, so that its author can correct it; pure.

Counterpart of `plan.py`. Only what the base commit has counts, never a working copy.
"""

import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ompycord.domain.checking.guard_rules import is_matched
from ompycord.domain.ports.trees import GITLINK, LINK, TreeEntry
from ompycord.domain.reports.plan import Plan, PlannedFile

__all__ = ["path_fault", "plan_faults"]

_MOST: Final = 20
_NEAR: Final = 0.6


def plan_faults(
    plan: Plan, tree: Mapping[str, TreeEntry], checks: Sequence[str], *, protected: Sequence[str] = ()
) -> tuple[str, ...]:
    """At most 20 sentences; empty for a plan that fits.

    `tree` is the base's; `checks` and `protected`, the patterns of paths that no result may change, are the
    repository's.
    """
    found = [*_of_files(plan, tree), *_protected(plan, protected), *_of_steps(plan), *_of_checks(plan, checks)]
    return tuple(found[:_MOST])


def path_fault(path: str) -> str | None:
    """Why it is no path of a file in a repository, as the end of a sentence; None for one that may be."""
    parts = path.split("/")
    if path.startswith("/") or (len(path) > 1 and path[1] == ":"):
        return "is absolute: name it relative to the root of the repository"
    if "\\" in path:
        return "has a backslash: write / between folders"
    if ".." in parts:
        return "leads out of its folder with ..: name it relative to the root of the repository"
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in path):
        return "has a character that cannot be written"
    if path.endswith("/"):
        return "is a folder: name the files in it"
    if "" in parts or "." in parts:
        return "has an empty part or a . between its slashes"
    if any(part.casefold() == ".git" for part in parts):
        return "belongs to git itself, which nobody changes by hand"
    return None


def _of_files(plan: Plan, tree: Mapping[str, TreeEntry]) -> Iterator[str]:
    folded = {path.casefold(): path for path in tree}
    for number, file in enumerate(plan.files):
        where = f'files[{number}] "{file.path}"'
        if (fault := path_fault(file.path)) is not None or (fault := _in_tree(file, tree, folded)) is not None:
            yield f"{where} {fault}."
    for path, count in Counter(file.path for file in plan.files).items():
        if count > 1:
            yield f'files names "{path}" {count} times: name it once, with one change.'


def _protected(plan: Plan, patterns: Sequence[str]) -> Iterator[str]:
    for number, file in enumerate(plan.files):
        if is_matched(file.path, patterns):
            yield f'files[{number}] "{file.path}" is protected: no run may change it. Plan without it.'


def _in_tree(file: PlannedFile, tree: Mapping[str, TreeEntry], folded: Mapping[str, str]) -> str | None:
    parts = file.path.split("/")
    for end in range(1, len(parts)):
        above = "/".join(parts[:end])
        entry = tree.get(above)
        if entry is None:
            continue
        match entry.mode:
            case mode if mode == GITLINK:
                return f'lies in the submodule "{above}", which is another repository'
            case mode if mode == LINK:
                return f'goes through the link "{above}": name the file where it really lies'
            case _:
                return f'lies below "{above}", which is a file'
    entry = tree.get(file.path)
    if entry is not None and entry.mode == GITLINK:
        return "is a submodule, which is another repository"
    if entry is None and any(path.startswith(f"{file.path}/") for path in tree):
        return "is a folder: name the files in it"
    if file.change == "add":
        return _added(file.path, entry, folded)
    if entry is None:
        near = difflib.get_close_matches(file.path, tree, n=1, cutoff=_NEAR)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        return f"is to be {_DONE[file.change]}, and the repository has no such file{hint or ': say add'}"
    return None


_DONE: Final = {"modify": "modified", "delete": "deleted"}


def _added(path: str, entry: TreeEntry | None, folded: Mapping[str, str]) -> str | None:
    if entry is not None:
        return "is to be added, and the repository has it already: say modify"
    if (other := folded.get(path.casefold())) is not None:
        return f'is to be added, and differs from "{other}" only by the case of its letters'
    return None


def _of_steps(plan: Plan) -> Iterator[str]:
    known = {file.path for file in plan.files}
    for number, step in enumerate(plan.steps):
        for path in step.files:
            if path not in known:
                yield f'steps[{number}] names "{path}", which is not among files: add it there with its change.'
    titles = Counter(step.title.casefold() for step in plan.steps)
    for title, count in titles.items():
        if count > 1:
            yield f'{count} steps have the title "{title}": give each its own.'


def _of_checks(plan: Plan, checks: Sequence[str]) -> Iterator[str]:
    known = ", ".join(checks) or "none, so leave checks empty"
    for number, check in enumerate(plan.checks):
        if check not in checks:
            yield f'checks[{number}] "{check}" is no check of this repository. It has: {known}.'
