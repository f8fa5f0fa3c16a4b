"""A forge on loopback: GitHub's REST interface as far as it is used, and git itself over smart HTTP.

Simulated: no GitHub answers. git and its `http-backend` are real. `faults` are answers that come first.
"""

import asyncio
import base64
import json
import os
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from tests.support.github_objects import (
    branch_object,
    label_object,
    own_user_object,
    pull_object,
    repository_object,
    user_object,
)
from tests.support.patience import patient

__all__ = ["TOKEN", "Fault", "ForgeDouble", "forge_double"]

TOKEN: Final = "github_pat_11CANARY0a1b2c3d4e5f6g7h8"
REPOSITORY: Final = "acme/shop"
_API: Final = "/api/v3"


@dataclass
class Fault:
    """What the next request to a path answers instead; `after` lets it take effect first."""

    method: str
    ends: str
    """How the path ends."""
    status: int = 502
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    after: bool = False
    cuts: bool = False
    """The connection is cut and nothing is answered."""


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int = 0
    answer: Any = None


async def _nothing() -> None:
    return


class ForgeDouble:
    """One repository, `acme/shop`, whose git folder is `git`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.git = folder / f"{REPOSITORY}.git"
        self.port = 0
        self.pulls: list[dict[str, Any]] = []
        self.labels = {"agent"}
        self.people = {"anna"}
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.archived = False
        self.may_push = True
        self.headers: dict[str, str] = {}
        """Of every answer."""
        self.opened: Callable[[], Awaitable[None]] = _nothing
        """Called when a pull request is there and nobody was told."""
        self.pushed: list[str] = []
        """Authorizations with which git came."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, Any]:
        """A repository's `forge`, but for `token_file`."""
        return {"kind": "github", "repository": REPOSITORY, "api": f"{self.address}{_API}"}

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
        self.git_line("config", "http.receivepack", "true")

    # -- REST

    def repository(self) -> dict[str, Any]:
        return repository_object(REPOSITORY, 42, self.address, archived=self.archived, push=self.may_push)

    async def rest(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(_API)
        raw = await request.read()
        asked = Asked(request.method, path, dict(request.query), json.loads(raw) if raw else None)
        self.asked.append(asked)
        fault = next((one for one in self.faults if one.method == asked.method and path.endswith(one.ends)), None)
        if fault is not None:
            self.faults.remove(fault)
        if fault is None or fault.after:
            status, body = await self._answer(asked, request.headers.get("Authorization", ""))
        else:
            status, body = fault.status, fault.body
        if fault is not None:
            if fault.cuts and request.transport is not None:
                request.transport.abort()
            status, body = fault.status, fault.body if fault.body is not None else {"message": "Bad gateway"}
        asked.status, asked.answer = status, body
        headers = {**self.headers, **(fault.headers if fault else {})}
        return web.json_response(body, status=status, headers=headers)

    async def _answer(self, asked: Asked, authorization: str) -> tuple[int, Any]:
        docs = {"documentation_url": "https://docs.github.com/rest"}
        if authorization != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials", **docs, "status": "401"}
        here = f"/repos/{REPOSITORY}"
        if asked.path == "/user":
            return 200, own_user_object("ompycord-bot", 99, self.address)
        if asked.path == here:
            return 200, self.repository()
        if asked.path == f"{here}/pulls":
            return await self._pulls(asked) if asked.method == "POST" else (200, self._listed(asked.query))
        return self._decorated(asked, here, docs)

    def _decorated(self, asked: Asked, here: str, docs: dict[str, str]) -> tuple[int, Any]:
        """Labels and reviewers."""
        label = asked.path.rpartition("/")[2]
        if asked.path.startswith(f"{here}/labels/") and label in self.labels:
            return 200, label_object(label, self.address)
        if asked.path.endswith("/labels"):
            return 200, [label_object(name, self.address) for name in asked.body["labels"]]
        if asked.path.endswith("/requested_reviewers"):
            if not set(asked.body.get("reviewers", ())) <= self.people:
                return 422, {"message": "Reviews may only be requested from collaborators.", **docs}
            return 201, self.pulls[0]
        return 404, {"message": "Not Found", **docs, "status": "404"}

    def _listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        head, base = query.get("head", ""), query.get("base", "")
        return [
            pull
            for pull in self.pulls
            if pull["state"] == query.get("state", "open")
            and (not head or pull["head"]["label"] == head)
            and (not base or pull["base"]["ref"] == base)
        ]

    async def _pulls(self, asked: Asked) -> tuple[int, Any]:
        wanted, branches = asked.body, self.branches()
        if self._listed({"head": f"acme:{wanted['head']}", "base": wanted["base"]}):
            return self._refused(f"A pull request already exists for acme:{wanted['head']}.")
        for end in ("head", "base"):
            if wanted[end] not in branches:
                return self._refused("", field=end)
        if branches[wanted["head"]] == branches[wanted["base"]]:
            return self._refused(f"No commits between {wanted['base']} and {wanted['head']}")
        self.add(wanted, by="ompycord-bot", number=99)
        await self.opened()
        return 201, self.pulls[-1]

    def add(self, wanted: dict[str, Any], *, by: str, number: int, fork: bool = False, state: str = "open") -> None:
        """One more pull request."""
        branches, here = self.branches(), self.repository()
        there = {**here, "id": 43, "full_name": "stranger/shop"} if fork else here
        head = branch_object(there, wanted["head"], branches.get(wanted["head"], "0" * 40))
        made = pull_object(
            len(self.pulls) + 1,
            wanted,
            user=user_object(by, number, self.address),
            head=head,
            base=branch_object(here, wanted["base"], branches[wanted["base"]]),
            web=self.address,
        )
        self.pulls.append({**made, "state": state})

    def _refused(self, message: str, *, field: str | None = None) -> tuple[int, Any]:
        error = {"resource": "PullRequest", "code": "invalid" if field else "custom"}
        error |= {"field": field} if field else {"message": message}
        return 422, {"message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com"}

    # -- git

    async def smart_http(self, request: web.Request) -> web.StreamResponse:
        """One request to `git http-backend`, as git-http-backend(1) describes its CGI."""
        given = request.headers.get("Authorization", "")
        wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if given != wanted:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
        self.pushed.append(given)
        is_push = "git-receive-pack" in request.path_qs
        if is_push and not self.may_push:
            return web.Response(status=403, text=f"Permission to {REPOSITORY} denied to ompycord-bot.")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "ompycord-bot",
        }
        pipe = asyncio.subprocess.PIPE
        backend = await asyncio.create_subprocess_exec(
            "git", "http-backend", env=environment, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
        printed, _ = await backend.communicate(await request.read())
        head, _, body = printed.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        return web.Response(status=status, headers=headers, body=body)


@asynccontextmanager
async def forge_double(folder: Path, source: Path | None = None) -> AsyncGenerator[ForgeDouble]:
    """One that listens; with `source` it has that repository's branches."""
    double = ForgeDouble(folder)
    if source is not None:
        double.take(source)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", f"{_API}/{{path:.*}}", double.rest)
    app.router.add_route("*", "/{path:.*}", double.smart_http)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    double.port = runner.addresses[0][1]
    try:
        yield double
    finally:
        await runner.cleanup()
