"""The built-in agent's whole work on the sample, planned, built and reviewed, recorded and run again from its tape."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from tests.e2e.test_replay import cli, write_key
from tests.integration.conductor.test_native_runs import SCRIPTS
from tests.support.scripted_model import ScriptedModel
from tests.support.stub_provider import stub_provider

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long]
AGENT = {"kind": "native", "sandbox": {"minimum": "none", "network": "gateway"}}


async def write_settings(folder: Path, url: str) -> None:
    sample = await make_sample(folder / "sample", git=Git(path=os.environ["PATH"]))
    repository: dict[str, Any] = {
        "path": str(folder / "sample"),
        "checks": [one.model_dump(mode="json", exclude_defaults=True) for one in sample.checks],
        "plan_approval": "automatic",
        "reviewer": {"agent": "reader"},
    }
    provider = {
        "kind": "compatible", "base_url": url, "dialects": ["chat"], "models": ["m-1", "m-2"],
        "prices": {name: {"input": 3, "output": 15} for name in ("m-1", "m-2")},
    }  # fmt: skip
    settings = {
        "providers": {"stub": provider}, "agents": {"native": AGENT, "reader": {**AGENT, "model": "m-2"}},
        "repositories": {"sample": repository},
    }  # fmt: skip
    (folder / "ompycord.yml").write_text(json.dumps(settings))


async def test_20_its_recorded_task_gives_the_same_tree_without_provider_and_key(tmp_path: Path) -> None:
    key = write_key(tmp_path)
    async with stub_provider() as provider:
        provider.replies = [ScriptedModel(SCRIPTS).reply()]
        await write_settings(tmp_path, provider.url)
        words = ("run", "Fix the discount.", "--agent", "native", "--mode", "full", "--record", "--json")
        done = await cli(tmp_path, *words)
        story: dict[str, Any] = json.loads(done.out)
        assert (done.code, story["state"]) == (0, "COMPLETE"), done.out + done.err
        asked = len(provider.asked)
    key.unlink()
    again = await cli(tmp_path, "replay", story["run"], "--strict", "--json")
    assert again.code == 0, again.out + again.err
    found = json.loads(again.out)
    assert (found["is_same"], found["played"], found["different"], found["missing"]) == (True, asked, 0, 0)
    assert found["tree"]
    assert found["story"]["usage"]["cost_usd"] == story["usage"]["cost_usd"]
    assert found["story"]["state"] == "COMPLETE"
