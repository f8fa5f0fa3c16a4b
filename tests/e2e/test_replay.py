"""A recorded run is run again without its provider and without its key, and its result is compared file by file."""

import json
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ompycord.model_gateway.dialects import Dialect
from tests.e2e.test_journeys import git
from tests.integration.cli.harness import Done, ompycord
from tests.support.model_answers import Truth, answer
from tests.support.product import SECRET
from tests.support.stub_provider import Asked, Reply, stub_provider

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long]
KEY = "sk-canary-of-a-recorded-run-0123456789"
AGENT = """
import json, os, pathlib, urllib.request
def ask(text):
    body = json.dumps({"model": "m-1", "stream": True, "messages": [{"role": "user", "content": text}]}).encode()
    headers = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "content-type": "application/json"}
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body, headers)
    lines = urllib.request.urlopen(request, timeout=60).read().decode().splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    return "".join(one["choices"][0]["delta"].get("content", "") for one in events if one["choices"])
told = json.loads(ask("SAY"  + " Where do I write? I am in " + os.getcwd()))
pathlib.Path(told["path"]).write_text(told["text"])
print(ask("Done?"))
"""


def replies(asked: Asked) -> Sequence[bytes]:
    """It names a file by its whole path, as models do, in pieces."""
    content: str = asked.json["messages"][0]["content"]
    if "Where" not in content:
        return answer(Dialect.CHAT, Truth(), ("I wrote ", "it."))
    words = json.dumps({"path": f"{content.rpartition(' ')[2]}/made.txt", "text": "By the model.\n"})
    return answer(Dialect.CHAT, Truth(input=900, output=30), [words[at : at + 5] for at in range(0, len(words), 5)])


def write_settings(folder: Path, url: str, *, script: str = AGENT) -> None:
    repository = folder / "shop"
    if not repository.exists():
        repository.mkdir()
        git(repository, "init", "--quiet", "--initial-branch", "main")
        git(repository, "commit", "--quiet", "--allow-empty", "-m", "first")
    provider = {
        "kind": "compatible", "base_url": url, "dialects": ["chat"], "models": ["m-1"],
        "prices": {"m-1": {"input": 3, "output": 15}},
    }  # fmt: skip
    agent = {
        "kind": "command", "command": [sys.executable, "-c", script], "models": ["m-1"],
        "sandbox": {"minimum": "none", "network": "gateway"},
    }  # fmt: skip
    settings = {
        "providers": {"stub": provider}, "agents": {"writer": agent},
        "repositories": {"shop": {"path": str(repository)}},
    }  # fmt: skip
    (folder / "ompycord.yml").write_text(json.dumps(settings))


def write_key(folder: Path) -> Path:
    key = folder / "data/secrets/provider_stub"
    key.parent.mkdir(parents=True, mode=0o700)
    (folder / "data").chmod(0o700)
    key.write_text(f"{KEY}\n", encoding="utf-8")
    key.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return key


async def cli(folder: Path, *words: str) -> Done:
    return await ompycord(
        *words, "--data-dir", str(folder / "data"), folder=folder, environ={"OMP_WEBHOOK_SECRET": SECRET}
    )


async def test_20_a_recorded_run_gives_the_same_tree_without_provider_and_key(tmp_path: Path) -> None:
    key = write_key(tmp_path)
    async with stub_provider() as provider:
        provider.replies = [Reply(by=replies)]
        write_settings(tmp_path, provider.url)
        done = await cli(
            tmp_path, "run", "Write it.", "--agent", "writer", "--repository", "shop", "--record", "--json"
        )
        story: dict[str, Any] = json.loads(done.out)
        assert story["state"] == "COMPLETE", done.out + done.err
        assert len(provider.asked) == 2
    key.unlink()
    branches = git(tmp_path / "shop", "for-each-ref")
    again = await cli(tmp_path, "replay", story["run"], "--strict", "--json")
    assert again.code == 0, again.out + again.err
    found = json.loads(again.out)
    assert (found["is_same"], found["played"], found["different"], found["missing"]) == (True, 2, 0, 0)
    assert found["story"]["usage"]["cost_usd"] == story["usage"]["cost_usd"]
    assert git(tmp_path / "shop", "for-each-ref") == branches  # nothing of the second run is published
    tapes = list((tmp_path / "data/artifacts/tapes").iterdir())
    assert [stat.S_IMODE(tape.stat().st_mode) for tape in tapes] == [0o600]

    write_settings(tmp_path, "http://127.0.0.1:9/", script=AGENT.replace('told["text"]', 'told["text"] * 2'))
    other = await cli(tmp_path, "replay", story["run"])
    assert other.code == 1, other.out + other.err
    assert "2 of 2 answers of the tape" in other.out
    assert "The result differs in: made.txt" in other.out
    write_settings(tmp_path, "http://127.0.0.1:9/", script=AGENT.replace('"SAY"', '"OTHERWISE"'))
    asked = await cli(tmp_path, "replay", story["run"], "--strict")
    assert asked.code == 1
    assert "The result is the same, file by file" in asked.out
    assert "1 were for a request that differs from the recorded one" in asked.out


async def test_a_run_without_a_tape_says_so(tmp_path: Path) -> None:
    write_key(tmp_path)
    async with stub_provider() as provider:
        provider.replies = [Reply(by=replies)]
        write_settings(tmp_path, provider.url)
        done = await cli(tmp_path, "run", "Write it.", "--agent", "writer", "--repository", "shop", "--json")
        run = json.loads(done.out)["run"]
    again = await cli(tmp_path, "replay", run)
    assert again.code == 77
    assert "This run has no tape" in again.err
