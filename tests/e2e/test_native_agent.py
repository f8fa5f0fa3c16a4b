"""The product with nothing but a key: the built-in agent at the strongest level, and what its tools hold and reach."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_follow_up import result_of, view_of
from tests.e2e.test_journeys import branch_of, git
from tests.support.confinement import require
from tests.support.product import running_product
from tests.support.scripted_model import Script, ScriptedModel
from tests.support.stub_provider import stub_provider

pytestmark = [pytest.mark.e2e, pytest.mark.long]
KEY = "sk-canary-of-the-built-in-agent"
PROBE = """
import json, os, pathlib, socket
try:
    socket.create_connection(("127.0.0.1", PORT), 3).close()
    reached = "reached"
except OSError:
    reached = "not reached"
kept = " ".join(os.environ.values()) + pathlib.Path("/proc/1/environ").read_text(errors="replace")
seen = {"reached": reached, "held": [word for word in ("sk-canary", "ompr_", "ompk_") if word in kept]}
pathlib.Path("seen.json").write_text(json.dumps(seen))
"""
FIX = ("edit", {"path": "cart/total.py", "old": "line.price * percent", "new": "line.cost * percent"})


@pytest.fixture
def confined() -> None:
    """In a fixture, since the probe has a loop of its own."""
    require("full")


def config_of(url: str, folder: Path) -> str:
    secrets = folder / "data/secrets"
    secrets.mkdir(parents=True, mode=0o700)
    (folder / "data").chmod(0o700)
    key = secrets / "provider_stub"
    key.write_text(f"{KEY}\n", encoding="utf-8")
    key.chmod(stat.S_IRUSR | stat.S_IWUSR)
    settings: dict[str, Any] = {
        "providers": {
            "stub": {
                "kind": "compatible", "base_url": url, "dialects": ["anthropic"], "models": ["m-1"],
                "prices": {"m-1": {"input": 10, "output": 100}},
            }
        },
        "agents": {"native": {"kind": "native"}},
    }  # fmt: skip
    return json.dumps(settings)  # which is YAML too


async def test_it_works_at_the_strongest_level_holds_nothing_reaches_nothing_and_a_follow_up_knows_it(
    confined: None, tmp_path: Path
) -> None:
    async with stub_provider() as provider:
        probe = PROBE.replace("PORT", provider.url.rpartition(":")[2])
        scripts: dict[str, Script] = {
            "And what was the word?": ["It was heliotrope."],
            "heliotrope": [
                ("write", {"path": "probe.py", "text": probe}),
                ("run", {"command": "python3 probe.py"}),
                FIX,
                "Done; the discount counts every piece.",
            ],
        }
        model = ScriptedModel(scripts)
        provider.replies = [model.reply()]
        async with running_product(tmp_path, config=config_of(provider.url, tmp_path)) as product:
            ada = product.playground.ada
            await ada.start_command("omp new", "tasks", prompt="Fix the discount; heliotrope.", agent="native")
            run, result = await result_of(ada)
            assert "checks passed" in result.text, result.text
            assert "$0.08" in result.text, result.text
            sample = product.data / "sample"
            shown = json.loads(git(sample, "show", f"{branch_of(sample, run)}:seen.json"))
            assert view_of(product, run)["state"] == "COMPLETE"
            form = await ada.click(result, "Follow up…")
            await ada.submit_modal(form, prompt="And what was the word?")
            await ada.wait_message(lambda message: "It was heliotrope." in message.text)
    assert shown == {"reached": "not reached", "held": []}
    assert b"Fix the discount; heliotrope." in provider.asked[-1].body
    found = [
        file for file in tmp_path.rglob("*")
        if file.is_file() and file.name != "provider_stub" and KEY.encode() in file.read_bytes()
    ]  # fmt: skip
    assert found == []
