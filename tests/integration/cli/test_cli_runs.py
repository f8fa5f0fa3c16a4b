"""`ompycord runs`: the same answer from the running process and from the data folder alone."""

import json
from pathlib import Path

from tests.integration.cli.harness import AppHarness, ompycord, open_harness


async def started(harness: AppHarness, folder: Path, name: str) -> None:
    made = await ompycord("keys", "add", name, "--data-dir", str(harness.folder), "--json", folder=folder)
    assert await harness.post(json.loads(made.out)["secret"]) == 202


async def test_runs_are_listed_and_shown_with_and_without_a_running_process(tmp_path: Path) -> None:
    data = ("--data-dir", str(tmp_path / "data"))
    none = await ompycord("runs", *data, folder=tmp_path)
    assert (none.code, none.out) == (0, "No run is open. `ompycord runs --all` lists the others.\n")
    async with open_harness(tmp_path / "data") as harness:
        await started(harness, tmp_path, "first")
        await started(harness, tmp_path, "second")
        asked = await ompycord("runs", *data, "--json", folder=tmp_path)
        missing = await ompycord("runs", "zzzzzz", *data, folder=tmp_path)
    runs = json.loads(asked.out)
    assert [run["name"] for run in runs] == ["r", "r"]
    assert (missing.code, len(missing.err.splitlines())) == (77, 1)
    alone = await ompycord("runs", *data, "--json", folder=tmp_path)
    assert json.loads(alone.out) == runs
    shown = await ompycord("runs", runs[0]["run"], *data, folder=tmp_path)
    assert shown.out.startswith(f"run         {runs[0]['run']}\n")
    assert "1 of 1 events" in shown.out
    assert shown.out.rstrip().endswith("note")
