"""Attached files go once nothing names them: never those of an open run, a young one, a draft, an archive."""

import json
import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from ompycord.app.retention.attached import FileKeeper, files_line
from ompycord.backup.restore import kept_aside
from ompycord.domain.configuration.retention import RetentionOptions
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Workspaces
from ompycord.store import SqliteStore, open_store
from ompycord.workspaces.artifacts import Artifacts
from tests.integration.store.world import CountingIds, HandClock

DAY_MS = 24 * 3_600_000


class World:
    """A store with runs of some age, and the folder beside it."""

    def __init__(self, store: SqliteStore, folder: Path, clock: HandClock) -> None:
        self.store, self.folder, self.clock = store, folder, clock
        self.ids = CountingIds(700)
        self.artifacts = Artifacts(folder=folder / "artifacts", workspaces=cast("Workspaces", None))

    def keeper(self, days: int = 60, *, dry: bool = False) -> FileKeeper:
        options = RetentionOptions(files_days=days, dry_run=dry)
        return FileKeeper(
            files=self.artifacts.contents,
            names=self.store.attached_files,
            options=options,
            clock=self.clock,
            aside=partial(kept_aside, self.folder),
        )

    def sql(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.folder / "ompycord.db")) as raw, raw:
            raw.execute(statement, values)

    async def kept(self, text: str, *, days: float = 100) -> str:
        """A content that was written so long ago."""
        digest = await self.artifacts.keep(text.encode())
        self.age(digest, days)
        return digest

    def age(self, digest: str, days: float) -> None:
        at = (self.clock.wall_ms - days * DAY_MS) / 1000
        os.utime(self.path(digest), (at, at))

    def path(self, digest: str) -> Path:
        return self.folder / "artifacts" / digest[:2] / digest

    def run(self, *, ended: float | None, chain: str | None = None, files: tuple[str, ...] = ()) -> RunId:
        """One that ended so many days ago; None: it is open. Its task came with these files."""
        run, now = RunId(self.ids.ulid()), self.clock.wall_ms
        body = json.dumps({"files": [{"name": "a.txt", "sha256": one, "size": 1} for one in files]})
        self.sql("INSERT INTO tasks VALUES (?, ?, ?)", run, body, now - 200 * DAY_MS)
        at = None if ended is None else round(now - ended * DAY_MS)
        self.sql(
            "INSERT INTO runs (id, kind, task, chain, state, created_at, updated_at, ended_at) "
            "VALUES (?, 'hosted', ?, ?, ?, 1, 1, ?)",
            run, run, chain, "BUILDING" if ended is None else "COMPLETE", at,
        )  # fmt: skip
        return run

    def mark(self, run: RunId, digest: str) -> None:
        place = self.folder / "artifacts" / "of" / run / digest
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()

    def left(self) -> set[str]:
        return {one.name for one in (self.folder / "artifacts").glob("??/*") if one.parent.name != "of"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    clock = HandClock()
    async with open_store(tmp_path / "ompycord.db", clock=clock, ids=CountingIds(), readers=1) as store:
        yield World(store, tmp_path, clock)


async def test_what_only_runs_of_long_ago_name_goes_and_all_else_stays(world: World) -> None:
    names = "old attached, old uploaded, nobody's, open, young, chained, shared, typed, archived, record, new"
    made = {name: await world.kept(name) for name in names.split(", ")}
    world.age(made["new"], 1)
    old = world.run(ended=90, files=(made["old uploaded"], made["shared"]))
    world.mark(old, made["old attached"])
    world.mark(old, made["shared"])
    world.mark(world.run(ended=None, files=(made["open"],)), made["open"])
    young = world.run(ended=59, files=(made["young"],))
    world.mark(young, made["shared"])
    first = world.run(ended=90, files=(made["chained"],))
    world.run(ended=None, chain=first)
    draft = json.dumps({"request": {"prompt": "x"}, "uploads": [made["typed"]]})
    world.sql("INSERT INTO drafts VALUES ('d', 'p', 'g', 'c', ?, 1, NULL)", draft)
    world.sql("INSERT INTO archives VALUES (?, '2026-01', 1, 1, 1, 1, 0)", made["archived"])
    world.sql("INSERT INTO audit_files VALUES (?, 1, 2, 2, 1, 1, 1, 1)", made["record"])
    keeper = world.keeper()
    await keeper.inspect()
    gone = {made["old attached"], made["old uploaded"], made["nobody's"]}
    assert world.left() == {*made.values()} - gone
    assert await world.artifacts.read(old, made["shared"]) is None
    assert await world.artifacts.read(young, made["shared"]) == b"shared"
    assert files_line(keeper.state).text == "8 files, 0.0 MiB"
    assert files_line(keeper.state, is_counted=False).text == "old ones go when they are due"


async def test_what_is_sent_again_is_young_again_and_stays_until_something_names_it(world: World) -> None:
    digest = await world.kept("the same picture")
    before = world.path(digest).stat().st_mtime
    assert await world.artifacts.keep(b"the same picture") == digest
    sent = world.path(digest).stat().st_mtime
    assert sent > before
    world.clock.wall_ms = round(sent * 1000) + 1000
    await world.keeper().inspect()
    assert world.left() == {digest}
    world.clock.pass_ms(3 * DAY_MS)
    await world.keeper().inspect()
    assert world.left() == set()


async def test_after_a_crash_between_marks_and_contents_the_next_look_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = await world.kept("old")
    world.mark(world.run(ended=90), digest)
    keeper = world.keeper()
    with monkeypatch.context() as broken:
        broken.setattr(world.artifacts.contents, "remove_unnamed", _broken)
        await keeper.inspect()
    assert files_line(keeper.state).text == "old ones stay: Input/output error"
    assert not files_line(keeper.state).is_ok
    assert world.left() == {digest}
    await keeper.inspect()
    assert world.left() == set()


async def test_all_stay_while_the_database_of_before_a_restore_may_name_them(world: World) -> None:
    digest = await world.kept("named by the newer database, which was moved aside")
    aside = world.folder / "before-restore-1"
    aside.mkdir()
    (aside / "ompycord.db").touch()
    keeper = world.keeper()
    await keeper.inspect()
    assert world.left() == {digest}
    assert files_line(keeper.state).text.startswith("all stay, since the database in before-restore-1 may name them: ")
    (aside / "ompycord.db").unlink()
    await keeper.inspect()
    assert (world.left(), files_line(keeper.state).text) == (set(), "none")


async def test_a_content_that_another_removes_meanwhile_costs_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, vanishing = await world.kept("old"), await world.kept("an archive that is written anew")
    there = Path.is_file

    def last_seen(path: Path) -> bool:
        found = there(path)
        if path.name == vanishing:
            path.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Path, "is_file", last_seen)
    keeper = world.keeper()
    await keeper.inspect()
    assert (world.path(old).exists(), keeper.state.fault) == (False, None)


async def _broken(*arguments: object, **more: object) -> None:
    raise OSError(5, "Input/output error")


async def test_what_is_only_tried_is_counted_and_never_means_never(world: World) -> None:
    digest = await world.kept("old")
    run = world.run(ended=90)
    world.mark(run, digest)
    keeper = world.keeper(dry=True)
    await keeper.inspect()
    assert files_line(keeper.state).text == "1 file, 0.0 MiB; 1 file would go, but retention.dry_run is set"
    await world.keeper(days=0).inspect()
    assert await world.artifacts.read(run, digest) == b"old"
