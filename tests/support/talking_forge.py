"""GitHub in memory, as a transport of httpx: reviews, comments, checks, logs and issues that people and CI write.

Simulated: no GitHub answers, and nothing listens. ETags are of a token, and a 304 counts against no limit, as GitHub
counts; `counted` is what does.
"""

import hashlib
import json
from typing import Any, Final

import httpx

from tests.support.github_talk_objects import (
    check_object,
    comment_object,
    issue_object,
    line_comment_object,
    pull_seen_object,
    ref_object,
    review_object,
    status_object,
    user_object,
)

__all__ = ["ADDRESS", "TalkingForge"]

ADDRESS: Final = "https://github.example"
REPOSITORY: Final = "acme/shop"
HERE: Final = f"/api/v3/repos/{REPOSITORY}"
_MISSING: Final = (404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})


class TalkingForge(httpx.AsyncBaseTransport):
    """One repository, `acme/shop`."""

    def __init__(self) -> None:
        self.token = "github_pat_11CANARY0a1b2c3d4e5f6g7h8"
        self.branches: dict[str, str] = {"main": "a" * 40}
        self.pulls: list[dict[str, Any]] = []
        self.deleted: set[int] = set()
        """Numbers of pull requests that are not there any more."""
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.reviews: list[dict[str, Any]] = []
        self.checks: dict[str, list[dict[str, Any]]] = {}
        """By commit."""
        self.statuses: dict[str, list[dict[str, Any]]] = {}
        self.workflows: dict[int, int] = {}
        """Of a suite of checks."""
        self.required: tuple[str, ...] = ()
        self.permissions: dict[str, str] = {}
        """What collaborators may, by login."""
        self.logs: dict[int, str | None] = {}
        """By job; None is gone."""
        self.resolved: set[int] = set()
        self.asked: list[tuple[str, str]] = []
        self.counted = 0
        self.free = 0
        self.logs_at = "https://logs.example"
        """Where they lie."""
        self.log_credentials: list[str | None] = []
        """The credentials with which logs were fetched from where they lie."""
        self.refused: dict[str, tuple[int, Any]] = {}
        """What requests to paths that end so are answered instead; with a method before it, only those."""
        self.lost: set[str] = set()
        """Ends of paths of POST requests that take effect, once, and whose answers are lost."""
        self._clock = 0

    @property
    def settings(self) -> dict[str, Any]:
        """A repository's `forge`, but for `token_file`."""
        return {"kind": "github", "repository": REPOSITORY, "api": f"{ADDRESS}/api/v3"}

    # -- what happens there

    def open_pull(self, branch: str, commit: str, *, draft: bool = False) -> int:
        self.branches[branch] = commit
        number = len(self.pulls) + 1
        self.pulls.append(pull_seen_object(number, branch, commit, self.branches["main"], ADDRESS, draft=draft))
        self.changed(number)
        return number

    def changed(self, number: int, **fields: Any) -> None:
        """Something of a pull request or an issue is other now."""
        self._clock += 1
        minutes, seconds = divmod(self._clock, 60)
        fields["updated_at"] = f"2026-11-30T02:{minutes:02}:{seconds:02}Z"
        if number in self.issues:
            self.issues[number].update(fields)
            return
        pull = self.pulls[number - 1]
        pull.update(fields)
        pull["head"]["sha"] = self.branches.get(pull["head"]["ref"], pull["head"]["sha"])

    def delete_pull(self, number: int) -> None:
        """Gitea lets its admins do that; GitHub does it with what broke its terms."""
        self.changed(number, state="deleted")
        self.deleted.add(number)

    def push(self, number: int, commit: str) -> None:
        """Another commit on its branch."""
        self.branches[self.pulls[number - 1]["head"]["ref"]] = commit
        self.changed(number)

    def write(self, number: int, login: str, text: str, *, author: int = 0) -> int:
        """A comment below it."""
        made = len(self.comments) + 501
        self.comments.append(comment_object(made, number, login, author or _number(login), text, ADDRESS))
        self.changed(number)
        return made

    def write_at(
        self,
        number: int,
        login: str,
        text: str,
        *,
        path: str = "total.py",
        line: int | None = 1,
        reply: int | None = None,
    ) -> int:
        """A comment at a line, or a reply to one."""
        made = len(self.lines) + 701
        self.lines.append(
            line_comment_object(made, number, login, _number(login), text, ADDRESS, path=path, line=line, reply=reply)
        )
        self.changed(number)
        return made

    def review(self, number: int, login: str, state: str, text: str = "") -> None:
        made = len(self.reviews) + 901
        commit = self.pulls[number - 1]["head"]["sha"]
        review = review_object(made, number, login, _number(login), state, text, ADDRESS)
        self.reviews.append({**review, "commit_id": commit})
        self.changed(number)

    def check(
        self, commit: str, name: str, conclusion: str | None, *, suite: int = 1, started: str = "2026-11-30T01:00:00Z"
    ) -> int:
        made = sum(map(len, self.checks.values())) + 301
        run = check_object(made, commit, name, ADDRESS, conclusion=conclusion, suite=suite, started=started)
        self.checks.setdefault(commit, []).append(run)
        return made

    def status(self, commit: str, context: str, state: str) -> None:
        kept = [one for one in self.statuses.get(commit, []) if one["context"] != context]
        self.statuses[commit] = [*kept, status_object(len(kept) + 1, context, state, ADDRESS)]

    def merge(self, number: int, by: str) -> None:
        merged = {
            "merged_at": "2026-11-30T03:00:00Z",
            "merged": True,
            "merged_by": user_object(by, _number(by), ADDRESS),
        }
        self.changed(number, state="closed", **merged)

    def issue(self, number: int, login: str, title: str, text: str) -> None:
        self.issues[number] = issue_object(number, login, _number(login), title, text, ADDRESS)

    # -- what it answers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, method = request.url.path, request.method
        raw = await request.aread()
        self.asked.append((method, path))
        if path.startswith("/stored/"):
            return self._log(request)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            self.counted += 1
            return httpx.Response(401, json={"message": "Bad credentials"})
        ends = (end for end in self.refused if path.endswith(end.removeprefix(f"{method} ")))
        refused = next((self.refused[end] for end in ends), None)
        status, body = refused or self._answer(method, path, dict(request.url.params), json.loads(raw) if raw else None)
        lost = next((end for end in self.lost if method == "POST" and path.endswith(end)), None)
        if lost is not None:
            self.lost.discard(lost)
            status, body = 502, {"message": "Bad gateway"}
        if status == 302:
            self.counted += 1
            return httpx.Response(302, headers={"location": str(body)})
        whole = json.dumps(body).encode()
        etag = f'W/"{hashlib.sha256(whole + self.token.encode()).hexdigest()[:20]}"'
        if method == "GET" and status == 200 and request.headers.get("if-none-match") == etag:
            self.free += 1
            return httpx.Response(304, headers={"etag": etag})
        self.counted += 1
        return httpx.Response(status, content=whole, headers={"etag": etag, "content-type": "application/json"})

    def _log(self, request: httpx.Request) -> httpx.Response:
        """Where logs lie: mostly another host, for which the address alone is the permission."""
        self.log_credentials.append(request.headers.get("authorization"))
        text = self.logs.get(int(request.url.path.rpartition("/")[2]))
        return httpx.Response(410) if text is None else httpx.Response(200, text=text)

    def _answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path == "/api/v3/user":
            return 200, user_object("ompycord-bot", 99, ADDRESS)
        if path == "/api/graphql":
            return 200, self._resolutions(body)
        if not path.startswith(HERE):
            return _MISSING
        parts = path.removeprefix(HERE).strip("/").split("/")
        if parts[0] in {"pulls", "issues"} and {*parts[1:2]} & {str(one) for one in self.deleted}:
            return _MISSING
        found = self._write(parts, body) if method in {"POST", "PATCH"} else self._read(parts, query)
        return found or _MISSING

    def _write(self, parts: list[str], body: Any) -> tuple[int, Any] | None:
        match parts:
            case ["pulls", number] if number.isdigit():
                self.changed(int(number), **body)
                return 200, self.pulls[int(number) - 1]
            case ["issues", number, "comments"]:
                self.write(int(number), "ompycord-bot", body["body"])
                return 201, self.comments[-1]
            case ["pulls", number, "comments", thread, "replies"]:
                if int(thread) not in {one["id"] for one in self.lines}:
                    return _MISSING
                self.write_at(int(number), "ompycord-bot", body["body"], reply=int(thread))
                return 201, self.lines[-1]
            case ["statuses", commit]:
                self.status(commit, body["context"], body["state"])
                self.statuses[commit][-1]["description"] = body.get("description", "")
                return 201, self.statuses[commit][-1]
            case _:
                return None

    def _read(self, parts: list[str], query: dict[str, str]) -> tuple[int, Any] | None:
        match parts:
            case ["pulls"]:
                listed = [one for one in self.pulls if one["state"] == "open"]
                return 200, _page(sorted(listed, key=lambda one: one["updated_at"], reverse=True), query)
            case ["pulls", number] if number.isdigit():
                return (200, self.pulls[int(number) - 1]) if 0 < int(number) <= len(self.pulls) else None
            case ["issues", number] if number.isdigit():
                return (200, self.issues[int(number)]) if int(number) in self.issues else None
            case ["issues", number, "comments"]:
                return 200, _page([one for one in self.comments if one["issue_url"].endswith(f"/{number}")], query)
            case ["pulls", number, "comments"]:
                return 200, _page([one for one in self.lines if one["pull_request_url"].endswith(f"/{number}")], query)
            case ["pulls", number, "reviews"]:
                return 200, _page(
                    [one for one in self.reviews if one["pull_request_url"].endswith(f"/{number}")], query
                )
            case ["collaborators", login, "permission"]:
                return 200, {"permission": self.permissions.get(login, "read"), "role_name": "", "user": None}
            case _:
                return self._checks(parts, query)

    def _checks(self, parts: list[str], query: dict[str, str]) -> tuple[int, Any] | None:
        match parts:
            case ["commits", commit, "check-runs"]:
                found = self.checks.get(self.branches.get(commit, commit), [])
                return 200, {"total_count": len(found), "check_runs": _page(found, query)}
            case ["commits", commit, "status"]:
                found = self.statuses.get(self.branches.get(commit, commit), [])
                page = _page(found, query)
                return 200, {"state": "pending", "sha": commit, "total_count": len(found), "statuses": page}
            case ["actions", "runs"]:
                runs = [{"workflow_id": flow, "check_suite_id": suite} for suite, flow in self.workflows.items()]
                return 200, {"total_count": len(runs), "workflow_runs": runs}
            case ["actions", "jobs", job, "logs"]:
                return 302, f"{self.logs_at}/stored/{job}"
            case ["branches", name]:
                checks = {"required_status_checks": {"contexts": list(self.required), "checks": []}}
                return 200, {"name": name, "protected": True, "protection": {"enabled": True, **checks}}
            case ["rules", "branches", _]:
                return 200, []
            case ["git", "ref", "heads", *name]:
                commit = self.branches.get("/".join(name))
                return (200, ref_object(f"refs/heads/{'/'.join(name)}", commit, ADDRESS)) if commit else None
            case _:
                return None

    def _resolutions(self, body: Any) -> Any:
        """The one question that is asked by GraphQL: which threads are resolved."""
        assert "reviewThreads" in body["query"]
        nodes = [
            {
                "isResolved": one["id"] in self.resolved,
                "isOutdated": one["line"] is None,
                "comments": {"nodes": [{"databaseId": one["id"]}]},
            }
            for one in self.lines
            if one.get("in_reply_to_id") is None
        ]
        return {"data": {"repository": {"pullRequest": {"reviewThreads": {"nodes": nodes}}}}}


def _page(found: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
    return found[(page - 1) * size : page * size]


def _number(login: str) -> int:
    return 99 if login == "ompycord-bot" else 100 + sum(login.encode())
