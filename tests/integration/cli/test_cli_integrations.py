"""`ompycord integrations` and `hook`: other people's configuration keeps all that is theirs.

The key stands in none of it.
"""

import json
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ompycord.cli.commands import application
from ompycord.cli.integrations.command import AGENTS
from ompycord.domain.events import RunFinished, RunStarted
from ompycord.errors import ConfigurationError, Refused, UnavailableError
from tests.integration.cli.harness import AppHarness, ompycord

KEY = "ompk_laptop01_" + "k" * 43
FILES = {
    "claude": ".claude/settings.json",
    "codex": ".codex/config.toml",
    "omp": ".omp/agent/extensions/ompycord.ts",
    "opencode": ".config/opencode/plugin/ompycord.js",
}
THEIRS: dict[str, Any] = {
    "model": "opus",
    "hooks": {
        "Stop": [{"hooks": [{"type": "command", "command": "say done"}]}],
        "PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "http", "url": "https://example.org/hooks"}]}],
    },
}
TURN = {
    "type": "agent-turn-complete", "thread-id": "t1", "turn-id": "u1", "input-messages": ["Fix the total."],
    "last-assistant-message": "Fixed.",
}  # fmt: skip

Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def run(home: Path) -> Run:
    """`ompycord ...` in this process, with a home of its own. An error of ours is raised."""
    theirs = ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "OPENCODE_CONFIG_DIR", "XDG_CONFIG_HOME", "PI_CODING_AGENT_DIR")
    nothing: dict[str, str | None] = dict.fromkeys((*theirs, "OMPYCORD_URL", "OMPYCORD_KEY", "OMPYCORD_RUN"))

    def invoke(*arguments: str, stdin: str | None = None, **environ: str) -> Result:
        env = {**nothing, "HOME": str(home), "TERMINAL_WIDTH": "200", **environ}
        result = CliRunner().invoke(application, arguments, env=env, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def written(home: Path, agent: str) -> str:
    return (home / FILES[agent]).read_text(encoding="utf-8")


@pytest.mark.parametrize("agent", sorted(AGENTS))
def test_it_is_written_once_shown_without_being_written_and_taken_out_again(run: Run, home: Path, agent: str) -> None:
    shown = run("integrations", agent, "--url", "http://127.0.0.1:9999", "--print", OMPYCORD_KEY=KEY)
    assert "+" in shown.output
    assert list(home.iterdir()) == []
    first = run("integrations", agent, "--url", "http://127.0.0.1:9999/", OMPYCORD_KEY=KEY)
    assert f"{home / FILES[agent]}: written." in first.output
    text = written(home, agent)
    assert "http://127.0.0.1:9999" in text
    assert "@session" in text
    assert KEY not in text + first.output + shown.output
    again = run("integrations", agent, "--url", "http://127.0.0.1:9999")
    assert f"{home / FILES[agent]}: nothing to change." in again.output
    assert [path.name for path in (home / FILES[agent]).parent.iterdir()] == [Path(FILES[agent]).name]
    run("integrations", agent, "--url", "http://127.0.0.1:8888")
    assert "9999" not in written(home, agent)
    run("integrations", agent, "--remove")
    left = home / FILES[agent]
    assert not left.exists() or left.read_text(encoding="utf-8").strip() in {"", "{}"}
    assert "nothing to change" in run("integrations", agent, "--remove").output


def test_claude_keeps_all_that_is_there_in_its_order_and_a_copy_of_what_was(run: Run, home: Path) -> None:
    settings = home / FILES["claude"]
    settings.parent.mkdir()
    settings.write_text(json.dumps(THEIRS), encoding="utf-8")
    settings.chmod(0o640)
    assert "changed. What it was: settings.json.before-ompycord" in run("integrations", "claude", "--ask").output
    now = json.loads(written(home, "claude"))
    assert list(now) == ["model", "hooks"]
    assert now["hooks"]["Stop"][0] == THEIRS["hooks"]["Stop"][0]
    assert now["hooks"]["PreToolUse"][0] == THEIRS["hooks"]["PreToolUse"][0]
    urls = [hook["url"] for group in now["hooks"]["PreToolUse"] for hook in group["hooks"]]
    assert [url.rpartition("/")[2] for url in urls] == ["hooks", "@session", "@session?ask=1"]
    assert settings.with_name("settings.json.before-ompycord").read_text(encoding="utf-8") == json.dumps(THEIRS)
    assert settings.stat().st_mode & 0o777 == 0o640
    run("integrations", "claude")
    assert len(json.loads(written(home, "claude"))["hooks"]["PreToolUse"]) == 2
    run("integrations", "claude", "--remove")
    assert json.loads(written(home, "claude")) == THEIRS


def test_a_hook_of_somebody_else_in_the_group_of_ours_stays(run: Run, home: Path) -> None:
    run("integrations", "claude")
    settings = home / FILES["claude"]
    now = json.loads(written(home, "claude"))
    mine = {"type": "command", "command": "say done"}
    now["hooks"]["Stop"][0]["hooks"].append(mine)
    settings.write_text(json.dumps(now), encoding="utf-8")
    run("integrations", "claude", "--remove")
    assert json.loads(written(home, "claude")) == {"hooks": {"Stop": [{"hooks": [mine]}]}}


def test_a_link_to_settings_stays_a_link(run: Run, home: Path) -> None:
    kept = home / "dotfiles.json"
    kept.write_text("{}", encoding="utf-8")
    (home / ".claude").mkdir()
    (home / FILES["claude"]).symlink_to(kept)
    run("integrations", "claude")
    assert (home / FILES["claude"]).is_symlink()
    assert "hooks" in json.loads(kept.read_text(encoding="utf-8"))


def test_codex_keeps_its_tables_and_gets_one_line_before_them(run: Run, home: Path) -> None:
    config = home / FILES["codex"]
    config.parent.mkdir()
    theirs = '# mine\nmodel = "gpt"\n\n[tools]\nweb = true\n'
    config.write_text(theirs, encoding="utf-8")
    run("integrations", "codex", "--run", "nightly")
    now = tomllib.loads(written(home, "codex"))
    assert now["notify"][1:] == [
        *("-m", "ompycord", "hook", "codex"),
        "--url",
        "http://127.0.0.1:8787",
        "--run",
        "nightly",
    ]
    assert (now["model"], now["tools"]) == ("gpt", {"web": True})
    run("integrations", "codex", "--remove")
    assert written(home, "codex") == theirs


@pytest.mark.parametrize(
    ("agent", "text", "words"),
    [
        ("claude", "{not json", "is not JSON"),
        ("claude", "[]", "holds no JSON object"),
        ("codex", "= broken", "is not TOML"),
        ("codex", 'notify = ["other"]\n', "has a `notify` program already"),
    ],
)
def test_what_is_not_understood_is_left_as_it_is(run: Run, home: Path, agent: str, text: str, words: str) -> None:
    file = home / FILES[agent]
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=words):
        run("integrations", agent)
    assert file.read_text(encoding="utf-8") == text
    assert len(list(file.parent.iterdir())) == 1


def test_wrong_words_are_told(run: Run) -> None:
    assert run("integrations", "cursor").exit_code == 2
    assert run("integrations", "omp", "--ask").exit_code == 2
    with pytest.raises(ConfigurationError, match="no address"):
        run("integrations", "omp", "--url", "nowhere")
    with pytest.raises(ConfigurationError, match="no OMPYCORD_KEY"):
        run("integrations", "omp", "--save-key")


def test_a_key_that_is_kept_is_its_owners_alone(run: Run, home: Path) -> None:
    file = home / ".config/ompycord/key"
    assert f"{file}: written" in run("integrations", "omp", "--save-key", OMPYCORD_KEY=KEY).output
    assert (file.read_text(encoding="utf-8").strip(), file.stat().st_mode & 0o777) == (KEY, 0o600)
    with pytest.raises(UnavailableError):
        run("hook", "codex", json.dumps(TURN), "--url", "http://127.0.0.1:9")
    file.chmod(0o644)
    with pytest.raises(Refused, match="may be read by others"):
        run("hook", "codex", json.dumps(TURN))
    file.unlink()
    with pytest.raises(ConfigurationError, match="No key to push with"):
        run("hook", "codex", json.dumps(TURN))


async def test_what_codex_starts_pushes_its_turn(harness: AppHarness, home: Path, tmp_path: Path) -> None:
    made = await ompycord("keys", "add", "laptop", "--data-dir", str(harness.folder), "--json", folder=tmp_path / "c")
    key = json.loads(made.out)["secret"]
    environ = {"HOME": str(home), "OMPYCORD_KEY": key, "CODEX_HOME": "", "XDG_CONFIG_HOME": ""}
    done = await ompycord("integrations", "codex", "--url", harness.url, folder=tmp_path / "c", environ=environ)
    assert done.code == 0, done.err
    argv = tomllib.loads(written(home, "codex"))["notify"]
    assert shlex.join(argv[1:4]) == "-m ompycord hook"
    told = await ompycord(*argv[3:], json.dumps(TURN), folder=tmp_path / "c", environ=environ)
    assert (told.code, json.loads(told.out)["accepted"]) == (0, 4), told.err
    piped = await ompycord(
        "hook", "codex", "--url", harness.url, "--run", "other", folder=tmp_path / "c", environ=environ,
        stdin=json.dumps(TURN).encode(),
    )  # fmt: skip
    assert piped.code == 0, piped.err
    unknown = await ompycord("hook", "cursor", "{}", "--url", harness.url, folder=tmp_path / "c", environ=environ)
    assert (unknown.code, unknown.err.strip()) == (77, "ompycord: Ompycord did not take it: 404 not-found")
    bodies = [event.body for event in await harness.events()]
    assert len([body for body in bodies if isinstance(body, RunStarted)]) == 2
    assert len([body for body in bodies if isinstance(body, RunFinished)]) == 2


def test_no_asset_of_ours_holds_a_key_or_is_missing_its_marks() -> None:
    folder = Path("ompycord/cli/integrations")
    scripts = [path for path in folder.iterdir() if path.suffix in {".js", ".ts"}]
    assert len(scripts) == 2
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert '"@URL@"' in text
        assert '"@RUN@"' in text
        assert "ompk_" not in text
