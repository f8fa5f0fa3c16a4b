"""Rows of the audit in files: lines of JSON, a row a line, in `artifacts/`, where all is known by its content.

Counterparts: `cuts.py`, which makes the files, and `features/audit.py`. Inside one read of the database.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from ompycord.domain.auditing.chain import AuditRow, ChainFault
from ompycord.domain.base import Millis
from ompycord.domain.people.erasing import Scrub
from ompycord.errors import StorageError
from ompycord.store.archive.files import ArchiveFiles, FileState
from ompycord.store.statements import load

__all__ = [
    "RecordFile",
    "SeenRecordFile",
    "kept_files",
    "lost_files",
    "made_lines",
    "moved_rows",
    "rows_of_file",
    "without_person",
]

_KEPT: Final = load("audit_files").one("kept_audit_files")
_TEXTS: Final = ("actor", "action", "subject", "detail")
_CHANGED: Final = ("actor", "subject", "detail")
_HASHES: Final = ("previous", "hash")
_WORDS: Final = frozenset({"say", "edit", "drop", "typed", "question", "submit", "cancel", "plan"})
"""Decisions whose action is what somebody wrote."""


class RecordFile(NamedTuple):
    """A file that counts."""

    sha256: str
    first: int
    last: int
    rows: int
    until: Millis
    """The time of its newest row."""
    size: int

    @property
    def named(self) -> str:
        """Its rows as rows of the record."""
        return f"{self.words} of the record"

    @property
    def words(self) -> str:
        """Its rows, as they are named to people."""
        return f"row {self.first}" if self.first == self.last else f"rows {self.first} to {self.last}"


class SeenRecordFile(NamedTuple):
    """A file, and what is where it belongs."""

    file: RecordFile
    state: FileState


def kept_files(raw: sqlite3.Connection) -> list[RecordFile]:
    """All that count, in the order of their rows."""
    return [RecordFile(*row) for row in raw.execute(_KEPT).fetchall()]


def made_lines(rows: Iterable[AuditRow]) -> bytes:
    """The content of a file: bytes that are no text come back as they were."""
    return "".join(f"{_line(row)}\n" for row in rows).encode("ascii")


def rows_of_file(files: ArchiveFiles, file: RecordFile) -> Iterator[AuditRow]:
    """Raises StorageError where it is gone or damaged."""
    try:
        for line in files.content(file.sha256).splitlines():
            yield _row(json.loads(line))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise StorageError(
            f"The file of {file.words} of the record, {files.path(file.sha256)}, cannot be read ({cause}): "
            "`ompycord archive restore` brings it back from a backup. `ompycord audit export` can leave them out with "
            f"`--after {file.last}`."
        ) from error


def moved_rows(files: ArchiveFiles, kept: Iterable[RecordFile]) -> Iterator[AuditRow]:
    """The rows of all files as far as they can be read."""
    for file in kept:
        try:
            yield from rows_of_file(files, file)
        except StorageError:
            continue  # `lost_files` names it


def lost_files(files: ArchiveFiles, kept: Iterable[RecordFile]) -> list[ChainFault]:
    """Those that are gone or have another content."""
    return [
        ChainFault(
            n=file.first,
            text=f"The file of {file.words} is {_lack(files, file)}: `ompycord archive restore` ({file.sha256}).",
            content_hash=file.sha256,
        )
        for file in kept
        if files.state(file.sha256) is not FileState.PRESENT
    ]


def _lack(files: ArchiveFiles, file: RecordFile) -> str:
    return "gone from the folder `artifacts`" if files.state(file.sha256) is FileState.MISSING else "changed"


def without_person(row: AuditRow, scrub: Scrub) -> AuditRow | None:
    """The row without a person, under its hash of before; None where it does not name them."""
    actor, action, subject, detail = (row.text(name) for name in _TEXTS)
    is_theirs = actor == scrub.person and action in _WORDS
    now = (str(scrub.value(actor)), str(scrub.value(subject)), scrub.json(detail, is_theirs=is_theirs))
    if now == (actor, subject, detail):
        return None
    return row.model_copy(update={name: text.encode() for name, text in zip(_CHANGED, now, strict=True)})


def _line(row: AuditRow) -> str:
    texts = {name: getattr(row, name).decode("utf-8", "surrogateescape") for name in _TEXTS}
    hashes = {name: getattr(row, name).hex() for name in _HASHES}
    return json.dumps({"n": row.n, "at": row.at, **texts, **hashes}, ensure_ascii=True)


def _row(found: dict[str, Any]) -> AuditRow:
    texts = {name: found[name].encode("utf-8", "surrogateescape") for name in _TEXTS}
    hashes = {name: bytes.fromhex(found[name]) for name in _HASHES}
    return AuditRow.model_validate({"n": found["n"], "at": found["at"], **texts, **hashes})
