"""A repository elsewhere is reached by the operator's proxy, helper and ssh, and what refuses it is told apart.

git, its credential helpers and its http are real; ssh is a program that says what OpenSSH's says.
"""

import asyncio
import base64
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.git import Git
from ompycord.workspaces.repositories import Repositories
from tests.support.patience import until

pytestmark = pytest.mark.posix


@dataclass
class HttpDouble:
    """Answers every request with one status, and keeps what was asked."""

    status: str = "404 Not Found"
    port: int = 0
    asked: list[str] = field(default_factory=list[str])
    authorization: list[str] = field(default_factory=list[str])
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    """It answers once this is set, where it is `slow`."""
    slow: bool = False

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.splitlines()[0])
        self.authorization += [line for line in head.splitlines() if line.lower().startswith("authorization:")]
        if self.slow:
            await self.goes_on.wait()
        challenge = 'WWW-Authenticate: Basic realm="x"\r\n' if self.status.startswith("401") else ""
        writer.write(f"HTTP/1.1 {self.status}\r\n{challenge}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def http_double(status: str = "404 Not Found") -> AsyncGenerator[HttpDouble]:
    double = HttpDouble(status)
    server = await asyncio.start_server(double.answer, "127.0.0.1", 0)
    double.port = server.sockets[0].getsockname()[1]
    async with server:
        yield double


def home(folder: Path, *lines: str) -> dict[str, str]:
    """The environment of an operator whose git has these settings."""
    folder.mkdir()
    (folder / ".gitconfig").write_text("\n".join(lines) + "\n")
    return {"HOME": str(folder)}


async def refusal(folder: Path, address: str, operator: Mapping[str, str]) -> str:
    """Why an address could not be fetched."""
    repositories = Repositories(folder=folder / "caches", git=Git(path=os.environ["PATH"], operator=operator))
    with pytest.raises(WorkspaceError) as refused:
        await repositories.refresh(RepositorySpec(name="far", address=address))
    return str(refused.value)


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy", "ALL_PROXY"])
async def test_git_asks_the_proxy_of_the_environment(tmp_path: Path, variable: str) -> None:
    async with http_double() as proxy:
        operator = {variable: f"http://127.0.0.1:{proxy.port}"}
        said = await refusal(tmp_path, "http://git.invalid/shop.git", operator)
    assert proxy.asked[0].startswith("GET http://git.invalid/shop.git/info/refs")
    assert said.startswith("far could not be fetched: there is no repository at its address")


async def test_the_operators_credential_helper_is_asked(tmp_path: Path) -> None:
    helper = "!f() { echo username=ada; echo password=enter; }; f"
    async with http_double("401 Unauthorized") as server:
        operator = home(tmp_path / "home", "[credential]", f'\thelper = "{helper}"')
        said = await refusal(tmp_path, f"http://127.0.0.1:{server.port}/shop.git", operator)
    expected = base64.b64encode(b"ada:enter").decode()
    assert server.authorization == [f"Authorization: Basic {expected}"]
    assert "its credentials were refused" in said
    assert "enter" not in said


async def test_settings_that_reach_nothing_stay_the_operators(tmp_path: Path) -> None:
    """A hook, an alias or a file system monitor of theirs never runs in a fetch of ours."""
    mark = tmp_path / "ran"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (hooks / "reference-transaction").chmod(0o755)
    origin = tmp_path / "origin"
    git = Git(path=os.environ["PATH"])
    await git.run("init", "--quiet", "--initial-branch=main", str(origin), cwd=tmp_path)
    await git.run("commit", "--quiet", "--allow-empty", "-m", "x", cwd=origin)
    operator = home(tmp_path / "home", "[core]", f"\thooksPath = {hooks}", f"\tfsmonitor = touch {mark}")
    repositories = Repositories(folder=tmp_path / "caches", git=Git(path=os.environ["PATH"], operator=operator))
    await repositories.refresh(RepositorySpec(name="far", address=origin.as_uri()))
    assert not mark.exists()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401 Unauthorized", "it asks for credentials. Give the bot's user a credential helper, or use ssh."),
        ("403 Forbidden", "access was refused (HTTP 403)"),
        ("404 Not Found", "there is no repository at its address, or the bot's user may not see it."),
        ("500 Internal Server Error", "git ended with exit code 128. Try `git ls-remote`"),
    ],
)
async def test_what_a_server_refuses_is_told_apart(tmp_path: Path, status: str, words: str) -> None:
    async with http_double(status) as server:
        said = await refusal(tmp_path, f"http://127.0.0.1:{server.port}/shop.git", {})
    assert words in said


async def test_a_proxy_that_wants_credentials_is_told_apart(tmp_path: Path) -> None:
    async with http_double("407 Proxy Authentication Required") as proxy:
        operator = {"http_proxy": f"http://127.0.0.1:{proxy.port}"}
        assert "the proxy asks for credentials" in await refusal(tmp_path, "http://git.invalid/x.git", operator)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:1/x.git", "its host"),
        ("http://nowhere.invalid/x.git", "its host has no address here"),
        ("file:///nowhere/at/all.git", "there is no repository at its address"),
    ],
)
async def test_what_never_answers_is_told_apart(tmp_path: Path, address: str, words: str) -> None:
    assert words in await refusal(tmp_path, address, {})


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("Host key verification failed.", "ssh does not know its host yet. Connect to it once"),
        ("git@host: Permission denied (publickey).", "ssh was refused. Give the key of the bot's user access there"),
        ("ERROR: Repository not found.", "there is no repository at its address"),
        ("ssh: Could not resolve hostname git: Name or service not known", "its host has no address here"),
        ("ssh: connect to host git port 22: Connection refused", "its host refuses the connection"),
        ("ssh: connect to host git port 22: Connection timed out", "its host does not answer"),
    ],
)
async def test_what_ssh_says_is_told_apart(tmp_path: Path, says: str, words: str) -> None:
    program = tmp_path / "ssh"
    program.write_text(f'#!/bin/sh\necho "$SSH_AUTH_SOCK" > {tmp_path}/socket\necho "{says}" >&2\nexit 255\n')
    program.chmod(0o755)
    operator = {**home(tmp_path / "home", "[core]", f"\tsshCommand = {program}"), "SSH_AUTH_SOCK": "/run/agent"}
    assert words in await refusal(tmp_path, "ssh://git@host/shop.git", operator)
    assert (tmp_path / "socket").read_text() == "/run/agent\n"


async def test_an_address_that_the_operators_git_rewrites_is_rewritten(tmp_path: Path) -> None:
    async with http_double() as server:
        own = home(tmp_path / "home", f'[url "http://127.0.0.1:{server.port}/"]', "\tinsteadOf = ssh://git@host/")
        await refusal(tmp_path, "ssh://git@host/shop.git", own)
    assert server.asked[0].startswith("GET /shop.git/info/refs")


async def test_a_fetch_leaves_that_of_another_data_folder_alone_whatever_the_name(tmp_path: Path) -> None:
    """Each ends what an earlier process left of its own fetch, and nothing else."""
    async with http_double() as slow, http_double() as quick, asyncio.TaskGroup() as group:
        slow.slow = True
        first = group.create_task(refusal(tmp_path / "one", f"http://127.0.0.1:{slow.port}/shop.git", {}))
        await until(lambda: bool(slow.asked))
        await refusal(tmp_path / "two", f"http://127.0.0.1:{quick.port}/shop.git", {})
        slow.goes_on.set()
        assert "there is no repository at its address" in await first
