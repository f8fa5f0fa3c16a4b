"""`ompycord audit` on a data folder: checked, cut, damaged, confirmed, and checked by the program of the docs."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

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
    assert _second_check(program, tmp_path) == "whole: 3 rows\n"
    await _broken(run, data)


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
