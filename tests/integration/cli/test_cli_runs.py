"""`ompycord runs`: the same answer from the running process and from the data folder alone."""

import json
from pathlib import Path

from ompycord.app.data_folder import DataFolder
from ompycord.render.run_view import RunView
from ompycord.testing import FakeClock, SequentialIds
from tests.integration.cli.harness import AppHarness, ompycord, open_harness
from tests.integration.conductor.conftest import AppHarness as HostedRuns
from tests.support.new_store import new_store

NOT_RUNNING = "Ompycord is not running, so this is how it stood. `ompycord up` goes on with what is open.\n"


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
        running = await ompycord("runs", *data, folder=tmp_path)
        missing = await ompycord("runs", "zzzzzz", *data, folder=tmp_path)
    runs = json.loads(asked.out)
    assert [run["name"] for run in runs] == ["r", "r"]
    assert runs[0].keys() == {"run", "outcome", *RunView.model_fields}, "what other programs see by HTTP, and two more"
    assert (missing.code, len(missing.err.splitlines())) == (77, 1)
    alone = await ompycord("runs", *data, "--json", folder=tmp_path)
    assert (json.loads(alone.out), alone.err) == (runs, "")
    listed = await ompycord("runs", *data, folder=tmp_path)
    assert (listed.out, listed.err) == (running.out, NOT_RUNNING)
    shown = await ompycord("runs", runs[0]["run"], *data, folder=tmp_path)
    assert shown.out.startswith(f"run         {runs[0]['run']}\n")
    assert (running.err, shown.err) == ("", NOT_RUNNING)
    assert "1 of 1 events" in shown.out
    assert shown.out.rstrip().endswith("note")


async def test_a_run_that_changed_nothing_is_not_listed_as_merely_complete(tmp_path: Path) -> None:
    data, clock = DataFolder(tmp_path / "data"), FakeClock()
    async with new_store(data.database, clock=clock, ids=SequentialIds(clock)) as store:
        hosted = HostedRuns(store, tmp_path / "places", clock)
        async with hosted.running():
            for hosted.agent.writes in ({"total.py": "x = 1\n"}, {}):
                await hosted.ended((await hosted.submit()).id)
    where = ("--data-dir", str(data.path))
    kept = json.loads((await ompycord("runs", "--all", *where, "--json", folder=tmp_path)).out)
    assert {run["outcome"]: run["state"] for run in kept} == {None: "COMPLETE", "no_changes": "COMPLETE"}
    states = {run["id"]: "Finished · no changes" if run["outcome"] else "Done · checks passed" for run in kept}
    listed = (await ompycord("runs", "--all", *where, folder=tmp_path)).out
    for run in kept:
        (line,) = [line for line in listed.splitlines() if line.startswith(run["run"])]
        assert states[run["id"]] in line
        assert ("no changes" in line) == (run["outcome"] is not None)
        one = (await ompycord("runs", run["run"], *where, folder=tmp_path)).out
        assert f"status      {states[run['id']]}\n" in one
