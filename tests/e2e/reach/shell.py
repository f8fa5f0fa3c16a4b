"""Every command of the command line, started as a person or a script starts it, beside a running product."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main

from ompycord.cli.commands import application
from tests.integration.cli.harness import Done, ompycord
from tests.support.product import SECRET, Product
from tests.support.terminal import Terminal

__all__ = ["Shell", "commands", "has_json"]

ROOT: Any = typer.main.get_command(application)


def commands(command: Any = ROOT, path: str = "ompycord") -> Iterator[tuple[str, Any]]:
    """Path and command of every leaf of the tree."""
    inner: dict[str, Any] = getattr(command, "commands", {})
    if not inner:
        yield path, command
    for name, one in inner.items():
        yield from commands(one, f"{path} {name}")


def has_json(command: Any) -> bool:
    return any("--json" in parameter.opts for parameter in command.params)


@dataclass
class Shell:
    """Runs command lines in a folder of its own on the product's data folder, and remembers which were well."""

    product: Product
    folder: Path

    def __post_init__(self) -> None:
        self.reached: set[str] = set()
        self.as_json: set[str] = set()

    async def run(
        self,
        line: str,
        *more: str,
        stdin: bytes = b"",
        code: int | None = 0,
        environ: dict[str, str] | None = None,
    ) -> Done:
        """A command by its path and arguments; the path is what the tree knows."""
        path = f"ompycord {line}"
        known = dict(commands())[path]
        arguments = [*line.split(), *more]
        if any("--data-dir" in parameter.opts for parameter in known.params):
            arguments[len(line.split()) : len(line.split())] = ["--data-dir", str(self.product.data)]
        if has_json(known):
            arguments.insert(len(line.split()), "--json")
        done = await ompycord(*arguments, folder=self.folder, environ=environ, stdin=stdin)
        assert done.code == (done.code if code is None else code), f"{path}: {done.code}\n{done.out}{done.err}"
        if has_json(known):
            assert json.loads(done.out) is not None
            self.as_json.add(path)
        self.reached.add(path)
        return done

    async def everything(self, stopped: str, planned: Sequence[str]) -> None:
        """All that takes a second. `stopped` is a run that waits for a person, `planned` three whose plans do."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keys_and_events())
            group.create_task(self._care(stopped))
            group.create_task(self._webhooks())
            group.create_task(self._models())
            group.create_task(self._backups())
            group.create_task(self._plans(*planned))

    async def _keys_and_events(self) -> None:
        made = json.loads((await self.run("keys add", "reach")).out)
        port = self.product.sidecar.rpartition(":")[2]
        to = {"OMPYCORD_URL": self.product.sidecar, "OMPYCORD_KEY": made["secret"], "OMPYCORD_SPOOL": str(self.folder)}
        await self.run("emit", "run.started", "--run", "from-a-shell", "--title", "From a shell", environ=to)
        payload = json.dumps({"hook_event_name": "SessionStart", "session_id": "s", "source": "startup", "cwd": "/srv"})
        assert (
            "accepted" in (await self.run("hook", "claude", "--run", "hooked", stdin=payload.encode(), environ=to)).out
        )
        listed = {run["name"] for run in json.loads((await self.run("runs")).out)}
        assert {"from-a-shell"} <= listed
        signed = await self.run("sign", "-", stdin=b"{}", environ={"OMP_WEBHOOK_SECRET": SECRET})
        assert "webhook-signature: v1," in signed.out
        rotated = json.loads((await self.run("keys rotate", made["key"]["id"], "--overlap", "0s")).out)
        assert rotated["key"]["id"] in (await self.run("keys list")).out
        await self.run("keys revoke", rotated["key"]["id"])
        assert rotated["key"]["id"] not in (await self.run("keys list")).out
        await self.run("healthcheck", "--ready", "--port", port)

    async def _webhooks(self) -> None:
        """Nobody listens where the product's webhook points: what is due waits."""
        waiting = [one["id"] for one in json.loads((await self.run("webhooks list")).out)]
        assert waiting
        assert json.loads((await self.run("webhooks retry", waiting[0])).out)["count"] == 1
        assert json.loads((await self.run("webhooks drop", waiting[0])).out)["count"] == 1
        assert waiting[0] not in (await self.run("webhooks list")).out

    async def _backups(self) -> None:
        """Made while the product works; a restore needs its end, and is refused."""
        to = ("--folder", str(self.folder / "backups"))
        key = str(self.folder / "backup.key")
        made = json.loads((await self.run("backup new-key", key)).out)["key"]
        to = (*to, "--key-file", key)
        create = json.loads((await self.run("backup create", *to)).out)
        name = create["name"]
        assert create["key"] == made
        assert [one["name"] for one in json.loads((await self.run("backup list", *to)).out)] == [name]
        assert json.loads((await self.run("backup verify", name, "--restore", *to)).out)["faults"] == []
        assert json.loads((await self.run("backup prune", "--dry-run", *to)).out)["backups"] == []
        assert json.loads((await self.run("alerts test")).out)["ways"]["ops-channel"] is None
        assert isinstance(json.loads((await self.run("alerts list")).out), list)
        assert {one["name"] for one in json.loads((await self.run("plugin list")).out)} >= {"acp", "pytest"}
        assert json.loads((await self.run("plugin check", "junit")).out)["ok"]
        project = self.folder / "plugin"
        await self.run("plugin new", "check-parser", "tap", "--folder", str(project))
        assert (project / "pyproject.toml").is_file()
        assert "answers in" in (await self.run("service status")).out
        assert "Type=notify" in (await self.run("service install", "--run-as", "daemon", "--print")).out
        nothing = await self.run("service uninstall", environ={"HOME": str(self.folder), "XDG_CONFIG_HOME": ""})
        assert "nothing was changed" in nothing.out

    async def _models(self) -> None:
        """No provider is configured here: nothing is under way."""
        assert json.loads((await self.run("providers list")).out) == []
        assert json.loads((await self.run("memory reindex")).out)["was_whole"]
        assert json.loads((await self.run("memory status")).out)["spaces"] == []
        file = self.folder / "AGENTS.md"
        file.write_text("- Totals are rounded at the end.\n")
        assert json.loads((await self.run("memory import", str(file), "--repository", "sample")).out)["proposed"] == 1
        assert "ompycord:memory" in (await self.run("memory export", "--repository", "sample")).out
        assert json.loads((await self.run("providers import", "--dry-run")).out)["is_dry"]
        assert json.loads((await self.run("gateway stop")).out)["ended"] == 0
        assert json.loads((await self.run("gateway status")).out)["is_stopped"]
        assert json.loads((await self.run("gateway resume")).out)["was_stopped"]

    async def _audit(self, run: str) -> None:
        assert json.loads((await self.run("audit verify")).out)["whole"]
        assert "Decisions" in "\n".join(json.loads((await self.run("audit explain", run)).out)["lines"])
        assert (await self.run("audit export")).out.startswith('{"n": 1,')
        assert json.loads((await self.run("audit cut", "--before", "2000-01-01")).out)["rows"] == 0
        assert json.loads((await self.run("audit anchor")).out)["file"].endswith("/anchors")

    async def _person(self) -> None:
        assert json.loads((await self.run("archive list")).out) == []
        assert json.loads((await self.run("archive restore")).out) == []
        nobody = "1" * 18
        assert json.loads((await self.run("person export", nobody)).out)["rows"] == []
        assert json.loads((await self.run("person erase", nobody, "--yes")).out)["events"] == 0

    async def _policy(self) -> None:
        judged = json.loads((await self.run("policy test", "rm -rf src")).out)
        assert (judged["class"], judged["people"]) == ("danger", 2)
        shown = json.loads((await self.run("policy show", "--server", "2" * 18, "--channel", "1" * 18)).out)
        assert len(shown["classes"]) == 7
        assert "admin" in {one["needs"] for one in shown["actions"]}
        assert {one["role"] for one in shown["roles"]} <= {"admin", "runner"}

    async def _plans(self, good: str, small: str, wrong: str) -> None:
        shown = json.loads((await self.run("plan show", good)).out)
        assert shown["waits"]
        assert json.loads((await self.run("plan approve", good, "--plan", shown["plans"][0]["hash"][:12])).out)[
            "decided"
        ]
        assert json.loads((await self.run("plan change", small, "Without the test.")).out)["decided"]
        assert json.loads((await self.run("plan reject", wrong, "--reason", "Not now.")).out)["decided"]

    async def _integrations(self) -> None:
        home = self.folder / "home"
        home.mkdir()
        shown = await self.run("integrations", "claude", "--print", environ={"HOME": str(home), "OMPYCORD_KEY": SECRET})
        assert "hooks" in shown.out

    async def _care(self, stopped: str) -> None:
        assert (await self.run("version")).out.startswith("ompycord ")
        assert "properties" in (await self.run("config schema")).out
        assert json.loads((await self.run("config show")).out)
        looked = json.loads((await self.run("doctor", code=None)).out)  # what it finds is this machine's affair
        assert {"Settings", "Data folder"} <= {one["name"] for one in looked["findings"]}
        busy = await self.run("migrate", code=75)
        assert len(busy.err.splitlines()) == 1
        await self._policy()
        assert json.loads((await self.run("secret list")).out) == {"secrets": []}
        await self._person()
        await self._audit(stopped)
        await self._take_over(stopped)
        await self._integrations()
        await self._init()
        begun = json.loads((await self.run("run", "Look at the cart", "--mode", "fast", "--detach")).out)
        assert begun["run"] in (await self.run("report", "--last", "--format", "md")).out
        resumed = json.loads((await self.run("resume", "--id", stopped, "--detach")).out)
        assert resumed["run"] == stopped

    async def _take_over(self, run: str) -> None:
        """It needs a terminal."""
        argv = [sys.executable, "-m", "ompycord", "takeover", run, "--data-dir", str(self.product.data)]
        hand = Terminal(
            [*argv, "--", "/bin/echo", "by hand"], cwd=self.folder, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
        )
        try:
            await hand.read_until("Handed back.")
            assert "by hand" in hand.screen
            assert await hand.ended() == 0
        finally:
            hand.close()
        self.reached.add("ompycord takeover")

    async def _init(self) -> None:
        playground = self.product.playground
        environ = {"DISCORD_TOKEN": playground.bot_token, "OMPYCORD_DISCORD__API": playground.api}
        options = ("--yes", "--channel", str(playground.channel("tasks")), "--admin", playground.ada.id)
        await self.run("init", *options, environ=environ)
        sample = str(self.product.data / "sample")
        assert "unittest" in (await self.run("repository add", sample, "--name", "cart", "--dry-run")).out
        assert (self.folder / "ompycord.yml").stat().st_mode & 0o777 == 0o600
