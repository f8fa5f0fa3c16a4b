"""Which changes of a result break a rule, by paths, modes, sizes and links; pure.

Counterpart: `workspaces/guarding/`, which reads what these are asked about.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from ompycord.domain.events import GuardFinding
from ompycord.domain.ports.trees import LINK, TreeEntry
from ompycord.domain.repository import GuardSpec

__all__ = ["escaping", "is_matched", "link_leads", "protected_changes", "size_findings", "unplanned_changes"]

_HOPS: Final = 40
"""Links that are followed one after the other, as Linux does."""
_MIB: Final = 1024 * 1024


def is_matched(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns means this path: `name` in any folder, `folder/*.ext`, `folder/**`, `folder/`."""
    name = path.rpartition("/")[2]
    for pattern in patterns:
        whole = pattern.removeprefix("/").removeprefix("./")
        if whole.endswith("/"):
            whole += "**"
        if fnmatchcase(path, whole) or ("/" not in pattern.rstrip("/") and fnmatchcase(name, whole)):
            return True
        if whole.endswith("/**") and path == whole.removesuffix("/**"):  # the folder became a file or a link
            return True
        if whole.startswith("**/") and fnmatchcase(path, whole.removeprefix("**/")):
            return True
    return False


def protected_changes(changed: Sequence[str], patterns: Sequence[str]) -> list[GuardFinding]:
    """A finding for each changed path that a pattern protects; a removed file counts as changed."""
    return [GuardFinding(rule="protected", path=path) for path in changed if is_matched(path, patterns)]


def unplanned_changes(changed: Sequence[str], planned: Sequence[str] | None) -> list[GuardFinding]:
    """A finding for each changed path that the plan does not name; none where there is no plan."""
    known = frozenset(planned or ())
    return (
        [] if planned is None else [GuardFinding(rule="unplanned", path=path) for path in changed if path not in known]
    )


def link_leads(path: str, targets: Mapping[str, str]) -> str | None:
    """Why the link at `path` leads out of the tree; None where it stays in it, or leads nowhere within it.

    `targets` are all links of the tree with where each leads, as written.
    """
    here = path.split("/")[:-1]
    ahead = _parts(targets[path])
    if ahead is None:
        return "an absolute path"
    for _ in range(_HOPS):
        while ahead:
            part = ahead.pop(0)
            if part == "..":
                if not here:
                    return "a folder above the repository"
                here.pop()
                continue
            here.append(part)
            if here[0].casefold() == ".git":
                return "git's own folder"
            further = targets.get("/".join(here))
            if further is not None:
                parts = _parts(further)
                if parts is None:
                    return "an absolute path"
                here.pop()
                ahead = [*parts, *ahead]
                break
        else:
            return None
    return "itself, or too many other links"


def _parts(target: str) -> list[str] | None:
    """The parts of a link's target; None for an absolute one, of any system."""
    plain = target.replace("\\", "/")
    if plain.startswith("/") or plain[1:3] == ":/":
        return None
    return [part for part in plain.split("/") if part not in {"", "."}]


def escaping(
    changed: Sequence[str], result: Mapping[str, TreeEntry], targets: Mapping[str, str], before: Mapping[str, str]
) -> list[GuardFinding]:
    """A finding for each link that leads out of the tree and did not do so on the base.

    `targets` and `before` are the links of the result and of the base with where each leads. A link that was there
    already leads elsewhere once one that it passes was changed.
    """
    findings: list[GuardFinding] = []
    moved = any(result.get(path, TreeEntry("", "")).mode == LINK for path in changed)
    for path in sorted(targets) if moved else ():
        why = link_leads(path, targets)
        if why is None or (before.get(path) == targets[path] and link_leads(path, before) is not None):
            continue
        findings.append(GuardFinding(rule="escape", path=path, detail=f"leads to {why}"))
    return findings


def size_findings(spec: GuardSpec, *, changed: int, added_lines: int, sizes: Mapping[str, int]) -> list[GuardFinding]:
    """What of a result is more than its repository takes. `sizes`: the bytes of each new or changed file."""
    findings: list[GuardFinding] = []
    if changed > spec.max_files:
        findings.append(GuardFinding(rule="files", detail=f"{changed} files, {spec.max_files} is the most"))
    if added_lines > spec.max_lines:
        findings.append(GuardFinding(rule="lines", detail=f"{added_lines} new lines, {spec.max_lines} is the most"))
    for path, size in sorted(sizes.items()):
        if size > spec.max_file_mib * _MIB:
            detail = f"{size / _MIB:.1f} MiB, {spec.max_file_mib} MiB is the most"
            findings.append(GuardFinding(rule="file_size", path=path, detail=detail))
    return findings
