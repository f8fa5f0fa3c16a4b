"""A data folder that an earlier version left behind, killed with -9 in the middle of everything.

And the Discord beside it.

`tests/data/older_data_folder/` holds both databases as SQL text; `test_older_data_folder.py` says how they were made.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from ompycord.domain.ids import RunId, short_id
from ompycord.playground.client import Message
from ompycord.render.marker import Marker, parse_marker
from tests.support.playground import Playground

__all__ = [
    "FOLDER",
    "KILLED_AT_MS",
    "MAC_KEY",
    "OlderRow",
    "be_then",
    "change_kept_draft",
    "messages_of_runs",
    "restore",
    "rows",
    "runs_by_title",
    "threads",
]

FOLDER: Final = Path(__file__).parents[1] / "data" / "older_data_folder"
MAC_KEY: Final = bytes(range(32))
"""The secret with which the buttons in it were signed."""
KILLED_AT_MS: Final = 1_748_779_257_330


class OlderRow(NamedTuple):
    """A delivery or a journal line: its kind or key, its status, how often it was tried and how it ended."""

    name: str
    status: str
    attempts: int
    end: str | None


def be_then(monkeypatch: pytest.MonkeyPatch, *, after_s: int) -> None:
    """It is so long after the kill, for all that asks this process for the time; from there it passes as ever."""
    now_ns = time.time_ns
    behind_ns = now_ns() - (KILLED_AT_MS + after_s * 1000) * 1_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() - behind_ns)
    monkeypatch.setattr(time, "time", lambda: (now_ns() - behind_ns) / 1e9)


_LATER: Final = """
UPDATE outbox SET body = json_set(body, '$.not_before', json_extract(body, '$.not_before') + :later)
WHERE status = 'pending' AND json_extract(body, '$.not_before') > :now
"""


def restore(folder: Path, *, later_ms: int) -> Path:
    """Make the folder; returns its database. Discord's state lies in `playground/` in it.

    Deliveries whose time had not come at the kill wait so much longer: a slow machine too has them before their time.
    """
    (folder / "playground").mkdir(mode=0o700)
    database = folder / "ompycord.db"
    for text, path in (
        ("data_folder_schema_2.sql", database),
        ("discord.sql", folder / "playground" / "playground.db"),
    ):
        raw = sqlite3.connect(path)
        raw.executescript((FOLDER / text).read_text(encoding="utf-8"))
        raw.close()
    raw = sqlite3.connect(database)
    raw.execute(_LATER, {"later": later_ms, "now": KILLED_AT_MS})
    raw.commit()
    raw.close()
    return database


def runs_by_title(database: Path) -> dict[str, RunId]:
    """Every run in it, by the title of its task or by the name that its sender gave it."""
    asked = (
        "SELECT coalesce(json_extract(t.body, '$.title'), r.external_name) AS title, r.id "
        "FROM runs AS r LEFT JOIN tasks AS t ON t.id = r.task"
    )
    raw = sqlite3.connect(database)
    try:
        return {title: RunId(run) for title, run in raw.execute(asked)}
    finally:
        raw.close()


_CHANGE_DRAFT: Final = """
UPDATE drafts SET body = json_set(body, '$.' || ?, ?) WHERE run IS NULL RETURNING id
"""


def change_kept_draft(database: Path, name: str, value: str) -> str:
    """Put another value into the text that was kept and is no run yet; returns the draft's id."""
    raw = sqlite3.connect(database)
    try:
        ((draft,),) = raw.execute(_CHANGE_DRAFT, (name, value)).fetchall()
        raw.commit()
        return str(draft)
    finally:
        raw.close()


_JOURNAL: Final = "SELECT key, status, attempts, outcome FROM effects"
_OUTBOX: Final = "SELECT kind, status, attempts, error FROM outbox"
_OF_RUN: Final = " WHERE run = (SELECT pk FROM runs WHERE id = ?) ORDER BY rowid"


def rows(database: Path, table: str, run: RunId) -> list[OlderRow]:
    """The run's lines in `effects` or `outbox`, as they stand now."""
    raw = sqlite3.connect(database)
    try:
        asked = {"effects": _JOURNAL, "outbox": _OUTBOX}[table] + _OF_RUN
        return [OlderRow(*row) for row in raw.execute(asked, (run,))]
    finally:
        raw.close()


async def threads(playground: Playground) -> Counter[str]:
    """How many threads each run has, by its short id."""
    found = Counter[str]()
    for channel in (await playground.ada.state())["channels"]:
        if channel["type"] == 11:
            shown = await playground.ada.history(channel["id"], limit=100)
            found.update({marker.run for message in shown if (marker := marker_of(message)) is not None})
    return found


def marker_of(message: Message) -> Marker | None:
    """Which run's message it is, and of which kind; None for another's."""
    footers = (embed["footer"]["text"] for embed in message.embeds if "footer" in embed)
    return next((marker for text in footers if (marker := parse_marker(text))), None)


async def messages_of_runs(playground: Playground, runs: Mapping[str, RunId]) -> dict[str, Counter[str]]:
    """How many messages of each kind every run has, in all channels and threads, by the run's title."""
    titles = {short_id(run): title for title, run in runs.items()}
    found = {title: Counter[str]() for title in runs}
    for channel in (await playground.ada.state())["channels"]:
        for message in await playground.ada.history(channel["id"], limit=100):
            marker = marker_of(message)
            if marker is not None:
                found[titles[marker.run]][f"{marker.kind} {marker.number}".strip()] += 1
    return found
