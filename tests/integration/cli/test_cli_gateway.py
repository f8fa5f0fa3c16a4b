"""`ompycord gateway` in the running process, and where none runs."""

import json
from pathlib import Path

from tests.integration.cli.harness import Done, ompycord, open_harness


async def test_models_are_stopped_and_allowed_again_in_the_running_process(tmp_path: Path) -> None:
    async def run(*words: str) -> Done:
        return await ompycord("gateway", *words, "--data-dir", str(tmp_path / "data"), folder=tmp_path)

    async with open_harness(tmp_path / "data"):
        shown = await run("status")
        assert (shown.code, shown.out) == (
            0,
            "Providers: none is configured. Requests under way: 0. Spent in the last minute: $0.00.\n",
        )
        stopped = await run("stop")
        assert stopped.out.startswith("All models are stopped; 0 requests were ended.")
        assert json.loads((await run("status", "--json")).out)["is_stopped"] is True
        assert "`ompycord gateway resume` allows them again" in (await run("status")).out
        assert (await run("resume")).out == "Models are asked again.\n"
        assert (await run("resume")).out == "Nothing was stopped.\n"
    alone = await run("stop")
    assert alone.code == 77
    assert "No Ompycord runs with this data folder" in alone.err
