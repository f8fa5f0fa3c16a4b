"""Confined programs whose requests get a secret: they never have it, and nothing that they leave has it."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ompycord.domain import events as ev
from ompycord.domain.repository import ConfinementLevel, Sandbox
from ompycord.http.proxy.forward_proxy import UpstreamProxy
from ompycord.store import SqliteStore
from tests.integration.conductor.test_set_up import LOCKED, full, offline, shop
from tests.support.own_certificate import OwnCertificate, own_certificate
from tests.support.prepared_run import PreparedRun

__all__ = ["full", "offline"]

pytestmark = pytest.mark.posix
NAME, VALUE = "npm.example.org", "npm_x9Qd2kLw7RtZ_of_the_operator"
RULE: dict[str, Any] = {"secret": "NPM_TOKEN", "host": NAME, "to": ["setup", "checks", "agent"]}
LOOK = """
import os, sys, urllib.request
found = [urllib.request.urlopen(sys.argv[1], timeout=20).read().decode()]
found += [f"{name}={value}" for name, value in os.environ.items()]
for one in os.listdir("/proc"):
    for file in ("environ", "cmdline"):
        try:
            found.append(open(f"/proc/{one}/{file}", "rb").read().decode("latin-1"))
        except OSError:
            pass
print("\\n".join(found))
"""


class EchoingHost:
    """Behind the operator's proxy, over TLS: answers with what it was asked; a repository of git without a branch."""

    def __init__(self, certificate: OwnCertificate) -> None:
        self._certificate = certificate
        self.asked: list[str] = []
        self.ways: list[str] = []
        self.proxy = UpstreamProxy("127.0.0.1", 0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.ways.append((await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1])
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await writer.start_tls(self._certificate.server)
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            kind, body = _GIT if "info/refs" in self.asked[-1] else ("text/plain", self.asked[-1].encode())
            head = (
                f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # who asked is gone
        finally:
            writer.close()


_REFS = b"0" * 40 + b" capabilities^{}\0agent=none\n"
_GIT = (
    "application/x-git-upload-pack-advertisement",
    b"001e# service=git-upload-pack\n0000" + f"{len(_REFS) + 4:04x}".encode() + _REFS + b"0000",
)
"""gitprotocol-http(5)."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> OwnCertificate:
    return own_certificate(tmp_path_factory.mktemp("certificate"), NAME)


@asynccontextmanager
async def host(certificate: OwnCertificate) -> AsyncGenerator[EchoingHost]:
    made = EchoingHost(certificate)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.proxy = UpstreamProxy("127.0.0.1", server.sockets[0].getsockname()[1])
    yield made
    server.close()


def run_of(
    folder: Path, store: SqliteStore, level: ConfinementLevel, asked: EchoingHost, certificate: OwnCertificate,
    **repository: Any,
) -> PreparedRun:  # fmt: skip
    return PreparedRun(
        folder, store, level=level, files=LOCKED, upstream=asked.proxy, believed=certificate.authority,
        repository={"attached_secrets": [RULE], **repository}, environ={"NPM_TOKEN": VALUE},
        sandbox=Sandbox(minimum="none", network="gateway", hosts=(NAME,)),
    )  # fmt: skip


def found_in(folder: Path) -> list[Path]:
    """The files that have the secret."""
    return [one for one in folder.rglob("*") if one.is_file() and VALUE.encode() in one.read_bytes()]


async def test_set_up_agent_and_checks_ask_with_it_and_never_have_it(
    tmp_path: Path, store: SqliteStore, offline: ConfinementLevel, certificate: OwnCertificate
) -> None:
    look = [sys.executable, "-c", LOOK, f"http://{NAME}/left-pad"]
    kept = ["sh", "-c", 'mkdir vendor && exec "$0" "$@" >vendor/made', *look]
    step = {"name": "made", "command": kept, "keeps": ["vendor"], "files": ["deps.lock"], "hosts": [NAME]}
    check = {"name": "looks", "command": look, "parser": "exit", "hosts": [NAME]}
    async with host(certificate) as asked:
        settings = {**shop(step, setup_hosts=[NAME]), "checks": [check]}
        run = run_of(tmp_path, store, offline, asked, certificate, **settings)
        await run.prepare()
        ended = await run.set_up()
        assert ended.outcome == "ok", run.of(ev.SetupFinished)
        script = "cat >prompt.txt; {} -c '{}' http://{}/x >made.txt; cp vendor/made here.txt"
        ended = await run.build(script.format(sys.executable, LOOK.replace("'", '"'), NAME))
        await run.collect()
        await run.check()
    assert ended.outcome == "ok"
    assert run.of(ev.CheckFinished)[-1].status == "passed"
    assert {*asked.ways} == {f"{NAME}:443"}
    assert len(asked.asked) >= 3
    assert all(f"\r\nauthorization: Bearer {VALUE}\r\n" in one for one in asked.asked)
    made = (run.clone / "made.txt").read_text()
    assert f"authorization: Bearer {'*' * len(VALUE)}" in made
    assert f"http://{NAME}/, never by https" in (run.clone / "prompt.txt").read_text()
    assert found_in(tmp_path) == []
    assert VALUE not in "".join(one.model_dump_json() for one in run.facts)
    assert VALUE not in json.dumps(made)


async def test_git_in_set_up_asks_an_https_address_with_it(
    tmp_path: Path, store: SqliteStore, full: ConfinementLevel, certificate: OwnCertificate
) -> None:
    fetch = f"mkdir vendor && git ls-remote https://{NAME}/acme/lib.git && env >vendor/made"
    step = {
        "name": "made",
        "command": ["sh", "-c", fetch],
        "keeps": ["vendor"],
        "files": ["deps.lock"],
        "hosts": [NAME],
    }
    rule = {**RULE, "git_user": "x-access-token"}
    async with host(certificate) as asked:
        settings = {**shop(step, setup_hosts=[NAME]), "attached_secrets": [rule]}
        run = run_of(tmp_path, store, full, asked, certificate, **settings)
        await run.prepare()
        ended = await run.set_up()
    assert ended.outcome == "ok", run.of(ev.SetupFinished)
    assert {*asked.ways} == {f"{NAME}:443"}
    (head,) = asked.asked
    assert head.startswith("GET /acme/lib.git/info/refs?service=git-upload-pack HTTP/1.1\r\n")
    assert "\r\nauthorization: Basic " in head
    assert found_in(tmp_path) == []


async def test_what_is_not_to_get_it_is_asked_as_it_was(
    tmp_path: Path, store: SqliteStore, certificate: OwnCertificate
) -> None:
    """The rule is for checks alone, so set-up's request goes in the open, without it."""
    step = {"name": "made", "command": [sys.executable, "-c", LOOK, f"http://{NAME}/"], "keeps": ["vendor"],
            "files": ["deps.lock"], "hosts": [NAME]}  # fmt: skip
    async with host(certificate) as asked:
        settings = {**shop(step, setup_hosts=[NAME]), "attached_secrets": [{**RULE, "to": ["checks"]}]}
        run = run_of(tmp_path, store, "none", asked, certificate, **settings)
        await run.prepare()
        await run.set_up()
    assert asked.ways == [f"{NAME}:80"]
    assert asked.asked == []
