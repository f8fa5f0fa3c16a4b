"""One path of a result against its base, and what is known of the trees; `compare.py` makes it for `judge.py`."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ompycord.domain.ports.trees import GITLINK, LINK

__all__ = ["Blob", "EvidenceScope", "Finding", "PathChange", "text_of"]


@dataclass(frozen=True, slots=True)
class Blob:
    """What one tree has at a path."""

    mode: str
    data: bytes | None
    """None where it is a submodule or too large to be read."""

    @property
    def is_link(self) -> bool:
        """Whether it leads elsewhere: a symbolic link or a submodule."""
        return self.mode in (LINK, GITLINK)


@dataclass(frozen=True, slots=True)
class PathChange:
    """A path at which the trees differ; one of `old` and `new` may be None."""

    path: str
    old: Blob | None
    new: Blob | None
    moved_to: str | None = None
    """Where the result has the same content, if it has it nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceScope:
    """What is known of the base, the result and the checks, beside the changed paths."""

    base_paths: Collection[str] = frozenset()
    """Every file of the base."""
    defining: Collection[str] = frozenset()
    """The files that the commands of the checks start or read, in either tree, and the files that those name."""
    import_roots: Collection[str] = frozenset({""})
    """Folders from which a runner imports; the empty name is the top."""
    modules: Collection[str] = frozenset()
    """Python modules that the commands start with `-m`."""
    test_names: Collection[str] = frozenset()
    """Names of the base's files with tests, as code would name them: `tests/test_total.py`, `test_total.py`."""
    has_doctests: bool = False
    """Whether a check may run the examples in docstrings."""


Finding = tuple[str, str | None]
"""What was found, as `events.ChangedEvidence.what`, and its name."""

_NO_TEXT: Final = "\0"


def text_of(blob: Blob | None) -> str | None:
    """The text of a file; None where there is none, it is binary, or it is too large."""
    if blob is None or blob.data is None or blob.is_link:
        return None
    try:
        text = blob.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if _NO_TEXT in text else text.replace("\r\n", "\n")
