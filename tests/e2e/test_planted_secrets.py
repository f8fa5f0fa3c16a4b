"""Secrets are planted wherever operators have some, a run is published over failures that repeat them; all is searched.

Arguments and environment of every program while it ran, the clone, the log, the database, cards, reports, memory
images: none has one, neither whole nor half nor encoded. A program that was granted one has it in its own environment
alone.
"""

import asyncio
import base64
import os
import re
import secrets
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
import yaml

from ompycord.playground.client import Message
from tests.e2e.test_pull_requests import forge
from tests.support.forge_double import TOKEN, Fault, ForgeDouble
from tests.support.patience import patient
from tests.support.product import Product, running_product

__all__ = ["forge"]  # a fixture of another module

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long, pytest.mark.timeout(300)]

AGENT = """cat >/dev/null
echo "my key is $PLANTED_AGENT"
sed -i 's/line.cost/line.cost/; $a# more' cart/total.py
echo "done with $PLANTED_AGENT"
"""


class Seen(NamedTuple):
    """A program of ours while it ran."""

    arguments: bytes
    environment: bytes


class Planted:
    """Twenty secrets by where they lie. `granted` are in the environment of the programs that were given them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.values = {"forge token": TOKEN}
        home = folder / "home"
        home.mkdir()
        (home / ".git-credentials").write_text(f"https://p:{self.new('.git-credentials')}@git.example\n")
        (home / ".netrc").write_text(f"machine git.example login p password {self.new('.netrc')}\n")
        (home / ".gitconfig").write_text(
            f'[http]\n\textraHeader = "X-Key: {self.new("extraHeader")}"\n[credential]\n\thelper = store\n'
            f'[url "https://p:{self.new("insteadOf")}@git.example/"]\n\tinsteadOf = acme:\n'
        )
        names = (
            *("GITHUB_TOKEN", "GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "NPM_TOKEN"),
            *("SLACK_BOT_TOKEN", "STRIPE_API_KEY"),
            *("PLANTED_SETUP", "PLANTED_CHECK", "PLANTED_AGENT", "OMP_WEBHOOK_SECRET"),
        )
        self.environ = {name: self.new(name) for name in names}
        self.environ["DATABASE_URL"] = f"postgres://shop:{self.new('DATABASE_URL')}@db.example/shop"
        self.environ["https_proxy"] = f"http://p:{self.new('https_proxy')}@proxy.example:3128"
        self.environ["no_proxy"] = "127.0.0.1"
        self.environ["HOME"] = str(home)
        kept = folder / "data/secrets"
        kept.mkdir(parents=True, mode=0o700)
        for name in ("provider_anthropic",):
            (kept / name).write_text(self.new(name))
        (folder / "token").write_text(TOKEN)

    def new(self, name: str) -> str:
        self.values[name] = f"pl4nt3d{secrets.token_hex(20)}"
        return self.values[name]

    @property
    def granted(self) -> frozenset[str]:
        return frozenset({"PLANTED_SETUP", "PLANTED_CHECK", "PLANTED_AGENT"})

    def in_bytes(self, data: bytes, *, but: frozenset[str] = frozenset()) -> list[str]:
        """The names of those that stand in it: whole, half, or as a basic authorization."""
        return [
            name for name, value in self.values.items() if name not in but and any(f in data for f in _forms(value))
        ]


def _forms(value: str) -> list[bytes]:
    half = len(value) // 2
    basic = base64.b64encode(f"x-access-token:{value}".encode())
    return [value[:half].encode(), value[half:].encode(), base64.b64encode(value.encode()), basic]


@asynccontextmanager
async def watched(product: Product) -> AsyncGenerator[dict[int, set[Seen]]]:
    """Every program below the product while the block runs, as often as this can look.

    What stays the same is kept once, so that a slow machine, which looks more often, has no more to search.
    """
    seen: defaultdict[int, set[Seen]] = defaultdict(set)
    ours = Path(f"/proc/{product.pid}/cmdline").read_bytes()

    async def look() -> None:
        while True:
            with suppress(psutil.Error):
                for child in psutil.Process(product.pid).children(recursive=True):
                    with suppress(OSError):
                        place = Path(f"/proc/{child.pid}")
                        found = Seen((place / "cmdline").read_bytes(), (place / "environ").read_bytes())
                        if found.arguments != ours:  # else a copy of the product between fork and exec
                            seen[child.pid].add(found)
            await asyncio.sleep(0.02)  # a pace of looking, no guess of how long anything takes

    async with asyncio.TaskGroup() as group:
        looking = group.create_task(look())
        yield seen
        looking.cancel()


def config(planted: Planted, forge: ForgeDouble) -> str:
    unit = 'echo "checking with $PLANTED_CHECK"; exec "$0" -m unittest -v'
    shop = {
        "path": str(planted.folder / "shop"),
        "secrets": {"PLANTED_SETUP": ["setup"], "PLANTED_CHECK": ["checks"]},
        "setup": [{"name": "made", "command": ["sh", "-c", 'echo "setting up with $PLANTED_SETUP"; mkdir made'],
                   "keeps": ["made"]}],
        "checks": [{"name": "unittest", "command": ["sh", "-c", unit, "{python}"]}],
        "forge": {**forge.settings, "token_file": str(planted.folder / "token")},
    }  # fmt: skip
    agent = {
        "kind": "command", "command": ["sh", "-c", AGENT], "grants": {"variables": ["PLANTED_AGENT"]},
        "sandbox": {"minimum": "none"},
    }  # fmt: skip
    return yaml.safe_dump({"repositories": {"shop": shop}, "agents": {"script": agent}})


async def reported(product: Product, environ: Mapping[str, str], *words: str) -> bytes:
    """What the command line prints of it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ompycord", *words, "--data-dir", str(product.data)),
        cwd=product.folder, env={**os.environ, "PYTHONPATH": str(Path.cwd()), **environ},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(patient(60)):
        out, _ = await process.communicate()
    return out


def is_result(message: Message, words: str) -> bool:
    """Whether it is the run's last message, and says so; the card has the button, too, and is edited before."""
    return "· result" in message.text and words in message.text and "Publish again" in message.labels


async def test_twenty_planted_secrets_are_found_nowhere(tmp_path: Path, forge: ForgeDouble) -> None:
    planted = Planted(tmp_path)
    assert len(planted.values) >= 17
    refusal = f"remote: error: GH000: the key {TOKEN} was refused"
    forge.faults = [
        Fault("POST", "/git-receive-pack", git=refusal),
        Fault("POST", "/pulls", status=422, body={"message": f"Validation Failed: {TOKEN}", "errors": []}),
    ]
    said: list[str] = []
    given = config(planted, forge)
    async with (
        running_product(tmp_path, config=given, environ=planted.environ) as product,
        watched(product) as programs,
    ):
        for file in (product.data / "secrets").iterdir():  # those that Ompycord made itself
            if file.is_file() and (text := file.read_text().strip()) not in planted.values.values():
                planted.values[f"secrets/{file.name}"] = text.removeprefix("whsec_")
        assert len(planted.values) >= 20
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="Add a remark.", repository="shop", agent="script")
        result = await ada.wait_message(lambda m: is_result(m, "was refused"), 120)  # said without the secret in it
        said.append(result.text)
        await ada.click(result, "Publish again")
        again = await ada.wait_message(lambda m: is_result(m, "Validation Failed"), 120)
        said.append(again.text)
        await ada.click(again, "Publish again")
        done = await ada.wait_message(lambda m: "/acme/shop/pull/1" in m.text, 120)
        said.append(done.text)
        for words in (("runs", "--json"), ("doctor",), ("config", "show"), ("audit", "export")):
            printed = await reported(product, planted.environ, *words)
            said += [printed.decode("utf-8", "replace")]
        limits = Path(f"/proc/{product.pid}/limits").read_text()
        assert re.search(r"Max core file size +1 +1 ", limits), "a crash leaves no image of its memory"
    assert len(programs) > 20
    for seen in {one for looks in programs.values() for one in looks}:
        arguments = seen.arguments.replace(b"\0", b" ")
        assert not planted.in_bytes(seen.arguments), arguments
        is_git = b"GIT_ALLOW_PROTOCOL=" in seen.environment  # it and its helper are told the way to hosts
        but = planted.granted | (frozenset({"https_proxy", "extraHeader"}) if is_git else frozenset[str]())
        assert not planted.in_bytes(seen.environment, but=but), arguments
    for text in said:
        assert not planted.in_bytes(text.encode()), text
    outside = [tmp_path / "home", tmp_path / "token", tmp_path / "forge", tmp_path / "data/secrets"]
    for file in tmp_path.rglob("*"):
        if file.is_file() and not any(file == one or file.is_relative_to(one) for one in outside):
            is_log = file.name.startswith(
                "ompycord.db"
            )  # keeps an agent's words as they were; what leaves it is redacted
            but = frozenset({"PLANTED_AGENT"}) if is_log else frozenset[str]()
            assert not planted.in_bytes(file.read_bytes(), but=but), file
    for pull in forge.pulls:
        assert not planted.in_bytes(str(pull).encode())
    assert not list(tmp_path.rglob("core*")), "no image of memory"
