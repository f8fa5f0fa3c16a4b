"""The loader of `sql/`: one file a feature, each statement with a name and its purpose.

Counterpart of the features' files.

    -- name: put_board
    -- A channel's board and what it shows.
    INSERT INTO ...;

A statement over many rows says after its purpose how wide they are (`-- rows: 3 columns`), and has `{rows}` for them.
What is not written like that ends the import: a broken file never waits for its first use.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import chain

__all__ = ["ROWS", "Many", "Statements", "all_statements", "load"]

ROWS = (64, 16, 4, 1)
"""How many rows a statement over many takes: few enough texts that all of them stay prepared."""

_HEAD = re.compile(r"^-- name:(.*)$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z_]*")
_WIDTH = re.compile(r"-- rows: ([1-9][0-9]*) columns")
_PLACE = "{rows}"


class Many:
    """One statement over many rows: `{rows}` in its text becomes `(?, …), (?, …)`."""

    def __init__(self, text: str, *, columns: int) -> None:
        row = f"({', '.join('?' * columns)})"
        self._texts = {count: text.replace(_PLACE, ", ".join([row] * count)) for count in ROWS}

    @property
    def texts(self) -> Sequence[str]:
        """The prepared texts, the one for most rows first."""
        return tuple(self._texts.values())

    def over(self, rows: Sequence[tuple[object, ...]]) -> Iterator[tuple[str, tuple[object, ...]]]:
        """Statements and their values until all rows are used; none for no rows."""
        at = 0
        for count in ROWS:
            while len(rows) - at >= count:
                yield self._texts[count], tuple(chain.from_iterable(rows[at : at + count]))
                at += count

    def run(self, raw: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
        """Run all of them; for statements without a result."""
        for statement, values in self.over(rows):
            raw.execute(statement, values)


class Statements:
    """The statements of one file. Raises ValueError where it is not written as it must be."""

    def __init__(self, feature: str, text: str) -> None:
        self.feature = feature
        self._texts: dict[str, str] = {}
        self._widths: dict[str, int] = {}
        self._taken: set[str] = set()
        before, *parts = _HEAD.split(text)
        self._require(_is_comment(before), "begins with a statement that has no name")
        for name, part in zip(parts[::2], parts[1::2], strict=True):
            self._add(name.strip(), part)

    @property
    def unused(self) -> frozenset[str]:
        """The names that no caller used."""
        return frozenset(self._texts) - self._taken

    def one(self, name: str) -> str:
        """A statement's text. Raises ValueError where there is none of this name, or it is one over many rows."""
        text = self._take(name)
        self._require(name not in self._widths, f"has {name} over many rows: take it by `many`")
        return text

    def many(self, name: str) -> Many:
        """A statement over many rows. Raises ValueError where there is none of this name, or it is not such a one."""
        text = self._take(name)
        self._require(name in self._widths, f"has {name} for one row: take it by `one`")
        return Many(text, columns=self._widths[name])

    def smallest(self) -> Iterator[str]:
        """All texts, those over many rows for one row."""
        for name, text in self._texts.items():
            yield Many(text, columns=self._widths[name]).texts[-1] if name in self._widths else text

    def _take(self, name: str) -> str:
        self._require(name in self._texts, f"has no statement {name}")
        self._taken.add(name)
        return self._texts[name]

    def _add(self, name: str, part: str) -> None:
        self._require(_NAME.fullmatch(name) is not None, f"names a statement {name!r}: lower-case words, please")
        self._require(name not in self._texts, f"has two statements {name}")
        lines = part.strip().splitlines()
        comments = [line for line in lines if line.startswith("--")]
        widths = [int(match[1]) for line in comments if (match := _WIDTH.fullmatch(line))]
        self._require(
            bool(lines) and lines[0].startswith("-- ") and len(comments) > len(widths), f"says no purpose of {name}"
        )
        sql = "\n".join(lines[len(comments) :])
        self._require(
            lines[: len(comments)] == comments and sqlite3.complete_statement(sql), f"has no whole statement {name}"
        )
        text = sql.removesuffix(";")
        self._require(not re.search(r";\s*\n", text), f"has two statements under the name {name}")
        self._require(
            (len(widths), text.count(_PLACE)) in {(0, 0), (1, 1)}, f"does not say once how wide the rows of {name} are"
        )
        self._texts[name] = text
        if widths:
            self._widths[name] = widths[0]

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise ValueError(f"sql/{self.feature}.sql {what}.")


@cache
def load(feature: str) -> Statements:
    """The statements of `sql/<feature>.sql`, read once for the file that owns them and for who looks at all.

    Raises ValueError, FileNotFoundError.
    """
    file = resources.files(__package__ or "ompycord.store") / "sql" / f"{feature}.sql"
    return Statements(feature, file.read_text(encoding="utf-8"))


@cache
def all_statements() -> tuple[str, ...]:
    """Every statement of every feature, those over many rows for one row: what the schema must be able to run."""
    folder = resources.files(__package__ or "ompycord.store") / "sql"
    features = [file.name.removesuffix(".sql") for file in folder.iterdir() if file.name.endswith(".sql")]
    return tuple(text for feature in features for text in load(feature).smallest())


def _is_comment(text: str) -> bool:
    return all(not line.strip() or line.startswith("--") for line in text.splitlines())
