"""`ompycord audit` on a data folder: checked, cut, damaged, confirmed, and checked by the program of the docs."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from ompycord.app.system import SystemClock, SystemIds
from ompycord.store import open_store
from tests.integration.cli.harness import Done, ompycord

PAGE = Path(__file__).parents[3] / "docs/how-to/check-the-record.md"


async def test_the_record_is_checked_anchored_and_a_break_is_named(tmp_path: Path) -> None:
    data, anchors = tmp_path / "data", tmp_path / "elsewhere"
    (tmp_path / "ompycord.yml").write_text(f"audit: {{anchor_file: {anchors}}}\n", encoding="utf-8")

    async def run(*words: str) -> Done:
        return await ompycord(*words, "--data-dir", str(data), folder=tmp_path)

    assert (await run("migrate")).code == 0
    for name in ("=HYPERLINK(1)", "two", "three"):
        assert (await run("keys", "add", name)).code == 0
    assert (await run("audit", "anchor")).out == f"Row 3 is anchored in {anchors}.\n"
    assert (await run("audit", "anchor")).out == "The last row has an anchor already.\n"
    whole = await run("audit", "verify")
    assert (whole.code, whole.out.startswith("Whole: 3 rows, 1 anchors agree.")) == (0, True)
    assert (await run("audit", "export", "--output", "rows.jsonl")).out == "3 rows are in rows.jsonl.\n"
    program = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    assert _second_check(program, tmp_path) == "whole: 3 rows from row 1 on\n"
    await _broken(run, data)


async def test_old_rows_move_into_a_file_and_the_export_is_the_same(tmp_path: Path) -> None:
    data = tmp_path / "data"

    async def run(*words: str) -> Done:
        return await ompycord("audit", *words, "--data-dir", str(data), folder=tmp_path)

    assert (await ompycord("migrate", "--data-dir", str(data), folder=tmp_path)).code == 0
    assert (await ompycord("keys", "add", "one", "--data-dir", str(data), folder=tmp_path)).code == 0
    asked = await run("cut")
    assert "Say up to when: `--before 2026-01-31`, or set `audit: {keep_days: 365}`." in asked.err
    assert "That day has not begun" in (await run("cut", "--before", "9999-01-01")).err
    with sqlite3.connect(data / "ompycord.db") as raw:
        raw.execute("DELETE FROM audit")
    async with open_store(data / "ompycord.db", clock=SystemClock(), ids=SystemIds(), readers=1) as store:
        for number in range(3):
            await store.audit(actor="1", action="say", subject="run", detail={}, at=number * 86_400_000)
    before = (await run("export")).out
    assert (await run("cut", "--before", "1970-01-03", "--dry-run")).out.startswith("2 rows would move.")
    moved = await run("cut", "--before", "1970-01-03")
    assert moved.out == "2 rows, up to row 2, moved into a file. `ompycord audit export` still has them.\n"
    assert (await run("cut", "--before", "1970-01-03")).out == "No row is that old.\n"
    assert (await run("verify")).out.startswith("Whole: 4 rows, 2 of them in files, no anchors are set up")
    assert (await run("export", "--output", "rows.jsonl")).code == 0
    assert (tmp_path / "rows.jsonl").read_text(encoding="utf-8").startswith(before)
    program = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    assert _second_check(program, tmp_path) == "whole: 4 rows from row 1 on\n"
    assert (await run("export", "--after", "2", "--output", "rows.jsonl")).code == 0
    assert _second_check(program, tmp_path) == "whole: 2 rows from row 3 on\n"
    next(one for one in (data / "artifacts").rglob("*") if one.is_file()).unlink()
    lost = await run("verify")
    assert (lost.code, "The file of rows 1 to 2 is gone" in lost.err) == (1, True)
    assert "leave them out with `--after 2`" in (await run("export")).err
    assert (await run("accept", "1", "--reason", "The disk was lost.")).code == 0
    assert "without rows up to 2, whose files are gone" in (await run("verify")).out


def _second_check(program: str, folder: Path) -> str:
    command = [sys.executable, "-c", program, "rows.jsonl"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


async def _broken(run: Callable[..., Awaitable[Done]], data: Path) -> None:
    with sqlite3.connect(data / "ompycord.db") as raw:
        raw.execute("DELETE FROM audit WHERE n = 3")
    cut = await run("audit", "verify")
    assert cut.code == 1
    assert cut.err.startswith("The anchor of row 3 is missing: the chain ends at row 2.")
    with sqlite3.connect(data / "ompycord.db") as raw:
        raw.execute("UPDATE audit SET actor = 'somebody else' WHERE n = 2")
    found = json.loads((await run("audit", "verify", "--json")).out)
    assert found["faults"][0]["text"] == "Row 2 was changed."
    confirmed = await run("audit", "accept", "2", "--reason", "A test of the disk.")
    assert confirmed.out == "Confirmed: Row 2 was changed.\n"
    again = await run("audit", "verify")
    assert again.code == 1  # the anchor of the row that was cut is another matter
    assert "Row 2 was changed. Confirmed: A test of the disk." in again.out
    assert "Row 2" not in again.err
    with (data.parent / "elsewhere").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    refused = await run("audit", "accept", "3", "--reason", "A test of the disk.")
    assert refused.code != 0
    assert "The anchors were changed: elsewhere: line 2 is no anchor. Nothing was confirmed." in refused.err
