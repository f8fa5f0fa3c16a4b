"""`ompycord providers`: keys of agents become those of providers, in the files of a team."""

import json
import stat
from pathlib import Path

import yaml

from tests.integration.cli.harness import Done, ompycord

CONFIG = """\
agents:
  claude: {kind: stream_json, grants: {variables: [ANTHROPIC_API_KEY]}}  # ours
  router: {kind: command, command: [x], grants: {variables: [OPENROUTER_API_KEY]}}
"""


async def test_keys_move_and_the_agent_is_pointed_at_the_gateway(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / ".env").write_text("ANTHROPIC_API_KEY=sk-canary-0001\n", encoding="utf-8")
    secrets = tmp_path / "data/secrets"

    async def run(*words: str) -> Done:
        return await ompycord("providers", *words, "--data-dir", str(tmp_path / "data"), folder=tmp_path)

    assert (await run("list")).out == "No providers are configured: agents ask their models themselves.\n"
    dry = await run("import", "--dry-run", "--json")
    assert [one["provider"] for one in json.loads(dry.out)["moved"]] == ["anthropic", None]
    assert (tmp_path / "ompycord.yml").read_text(encoding="utf-8") == CONFIG
    assert not secrets.exists()
    done = await run("import")
    assert done.out.splitlines() == [
        "ANTHROPIC_API_KEY of claude: to providers.anthropic",
        "OPENROUTER_API_KEY of router: stays. Name its provider under providers: yourself (kind: compatible).",
        "ompycord.yml is changed; the former one is ompycord.yml.before. Start Ompycord again.",
    ]
    assert "sk-canary" not in f"{dry.out}{done.out}{done.err}"
    key = secrets / "provider_anthropic"
    assert (key.read_text(encoding="utf-8"), stat.S_IMODE(key.stat().st_mode)) == ("sk-canary-0001\n", 0o600)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert (tmp_path / "ompycord.yml.before").read_text(encoding="utf-8") == CONFIG
    written = (tmp_path / "ompycord.yml").read_text(encoding="utf-8")
    assert "# ours" in written
    assert yaml.safe_load(written)["agents"]["claude"]["grants"] == {"variables": []}
    assert (await run("list")).out == ("anthropic (anthropic, https://api.anthropic.com): every model; 1 key\n")
    again = await run("import")
    assert again.out.startswith("OPENROUTER_API_KEY of router: stays.")
    assert key.read_text(encoding="utf-8") == "sk-canary-0001\n"
    [row] = json.loads((await run("list", "--json")).out)
    assert (row["keys"], row["dialects"]) == (1, ["anthropic"])
