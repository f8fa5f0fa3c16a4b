"""A forge on loopback for tests: the playground's own, with a hand on what it keeps.

Simulated: no GitHub answers. git and its programs are real. `faults` are answers that come first.
"""

import socket
import subprocess
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from ompycord.playground.forge.faults import Faults, ForgeFault
from ompycord.playground.forge.rest.api import Received
from ompycord.playground.forge.room import PREFIX, ForgeRoom
from ompycord.playground.forge.smart_http import add_hook
from tests.support.gitea.rest import API as GITEA_API
from tests.support.gitea.rest import GiteaRest
from tests.support.patience import patient

__all__ = ["TOKEN", "Fault", "ForgeDouble", "Received", "forge_double"]

TOKEN: Final = "github_pat_11CANARY0a1b2c3d4e5f6g7h8"
Fault = ForgeFault
REPOSITORY: Final = "acme/shop"


class ForgeDouble:
    """One repository, `acme/shop`, whose git folder is `git`. What is not here is done by `forge` itself.

    It speaks GitHub's interface and Gitea's at once, over the same pull requests; `kind` is the one that is asked.
    """

    def __init__(self, folder: Path, *, port: int, kind: str = "github") -> None:
        self.kind = kind
        self.origin = f"http://127.0.0.1:{port}"
        self.room = ForgeRoom(folder, origin=self.origin, token=TOKEN, now=time.time)
        self.forge = self.room.forge
        self.git = self.forge.path_of(REPOSITORY)
        self.gitea = GiteaRest(self.forge)

    @property
    def address(self) -> str:
        """The address before `owner/name`."""
        return self.forge.at.web

    @property
    def settings(self) -> dict[str, Any]:
        """A repository's `forge`, but for `token_file`."""
        api = self.forge.at.api if self.kind == "github" else f"{self.forge.at.web}{GITEA_API}"
        return {"kind": self.kind, "repository": REPOSITORY, "api": api}

    # -- what came, what comes first

    @property
    def asked(self) -> list[Received]:
        return [*(self.room.rest if self.kind == "github" else self.gitea).received]

    @property
    def pushed(self) -> list[str]:
        """Authorizations with which git came."""
        return self.room.git.authorizations

    @property
    def faults(self) -> Faults:
        return self.forge.faults

    @faults.setter
    def faults(self, planned: list[ForgeFault]) -> None:
        self.forge.faults[:] = planned

    @property
    def headers(self) -> dict[str, str]:
        """Of every answer."""
        return self.forge.headers

    @headers.setter
    def headers(self, headers: dict[str, str]) -> None:
        self.forge.headers = headers

    @property
    def opened(self) -> Callable[[], Awaitable[None]]:
        """Called when a pull request is there and nobody was told."""
        return self.forge.on_opened

    @opened.setter
    def opened(self, act: Callable[[], Awaitable[None]]) -> None:
        self.forge.on_opened = act

    # -- what it keeps

    @property
    def pulls(self) -> list[dict[str, Any]]:
        """Every pull request as it is answered."""
        git = self.forge.git(REPOSITORY)
        return [self.forge.views.pull(one, git) for one in self.forge.pulls(REPOSITORY)]

    @property
    def statuses(self) -> list[dict[str, Any]]:
        """Every commit status as it is answered, oldest first."""
        return [self.forge.views.status(REPOSITORY, one) for one in self.forge.records.every("status")]

    @property
    def comments(self) -> list[dict[str, Any]]:
        """Every comment as it is answered, oldest first; none on a line."""
        return [self.forge.views.comment(one) for one in self.forge.records.every("comment")]

    def comment(self, number: int, body: str, *, by: str, account: int) -> None:
        """One more comment at a pull request, by an account of that number."""
        self.forge.add_account(by, number=account)
        self.forge.discussion.add_comment(by, self.forge.numbered(REPOSITORY, number, is_pull=False), body)

    def review(self, number: int, state: str, *, by: str, body: str = "") -> int:
        """A review, with GitHub's word for its verdict; its number."""
        found = self.forge.numbered(REPOSITORY, number)
        return self.gitea.add_review(by, found, state, body, self.branches()[found["head"]])["id"]

    def say_at(
        self, number: int, line: int, body: str, *, by: str, path: str = "total.py", reply_to: int | None = None
    ) -> int:
        """A comment at a line, as people write it on either forge: with a review of its own."""
        found = self.forge.numbered(REPOSITORY, number)
        given = {"path": path, "new_position": line, "body": body, "reply_to": reply_to}
        return self.gitea.add_line(by, found, given, self.review(number, "COMMENTED", by=by))["id"]

    @property
    def may_push(self) -> bool:
        return self._repository["may_push"]

    @may_push.setter
    def may_push(self, may: bool) -> None:
        self.forge.set_up(REPOSITORY, may_push=may)

    @property
    def archived(self) -> bool:
        return self._repository["archived"]

    @archived.setter
    def archived(self, is_archived: bool) -> None:
        self.forge.set_up(REPOSITORY, archived=is_archived)

    @property
    def _repository(self) -> dict[str, Any]:
        found = self.forge.repository(REPOSITORY)
        assert found is not None
        return found

    def git_line(self, *words: str) -> str:
        """What git says in the forge's own repository."""
        done = subprocess.run(("git", *words), cwd=self.git, check=True, capture_output=True, timeout=patient(30))
        return done.stdout.decode().strip()

    def branches(self) -> dict[str, str]:
        """Every branch there, with its commit."""
        lines = self.git_line("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads").splitlines()
        return dict(line.split(" ") for line in lines)

    def take(self, source: Path) -> None:
        """Begin with what a repository has on its branches."""
        self.git.parent.mkdir(parents=True, exist_ok=True)
        words = ("git", "clone", "-q", "--bare", "--", str(source), str(self.git))
        subprocess.run(words, check=True, capture_output=True, timeout=patient(60))
        add_hook(self.git)

    def add(self, wanted: dict[str, Any], *, by: str, number: int, fork: bool = False, state: str = "open") -> None:
        """One more pull request, by an account of that number."""
        self.forge.add_account(by, number=number)
        login = next(one["login"] for one in self.forge.records.every("account") if one["id"] == number)
        made = self.forge.add_issue(login, REPOSITORY, wanted, head=wanted["head"], base=wanted["base"])
        commit = self.branches().get(wanted["head"], "0" * 40)
        fields = {"state": state, "head_commit": commit, "base_commit": self.branches()[wanted["base"]]}
        self.forge.records.put("pull", made | fields | {"head_repository": "somebody/shop" if fork else None})


@asynccontextmanager
async def forge_double(
    folder: Path, source: Path | None = None, *, kind: str = "github"
) -> AsyncGenerator[ForgeDouble]:
    """One that listens; with `source` it has that repository's branches. People: `anna`; labels: `agent`."""
    application = web.Application(client_max_size=64 * 1024 * 1024)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=False)
    listening = _listening()
    double = ForgeDouble(folder, port=listening.getsockname()[1], kind=kind)
    if source is not None:
        double.take(source)
    await double.forge.add_repository(REPOSITORY)
    double.forge.add_account("anna", number=11, permission="write")
    double.forge.records.add("label", REPOSITORY, {"name": "agent"})
    double.room.add_to(application)
    double.gitea.add_to(application, PREFIX)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        yield double
    finally:
        await runner.cleanup()
        double.forge.close()


def _listening() -> socket.socket:
    found = socket.create_server(("127.0.0.1", 0))
    found.setblocking(False)
    return found
