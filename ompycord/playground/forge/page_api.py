"""What people see and do at the forge's pages, under `/app/forge`; the pages themselves are `page/static/forge/`."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from ompycord.playground.forge import marking
from ompycord.playground.forge.discussion import key
from ompycord.playground.forge.faults import BUTTONS, of
from ompycord.playground.forge.forge import Forge
from ompycord.playground.forge.git_folder import GitError
from ompycord.playground.forge.objects import commits
from ompycord.playground.forge.refusals import ForgeRefusal
from ompycord.playground.forge.room import PREFIX
from ompycord.playground.forge.views import base_of, head_of
from ompycord.playground.page import files
from ompycord.playground.page.answers import answer, with_body
from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.errors import NotPossibleError

SWITCHES: Final = {
    "archived": "The repository is archived",
    "token_refused": "The token is refused",
    "read_only": "The token may not write",
}
CI: Final = "test"
"""The name of the check that the page's buttons set."""
LOG: Final = {
    "failure": "$ python -m unittest\nFAIL: test_tax (tests.test_total.TotalTest)\n"
    "AssertionError: Decimal('10.80') != Decimal('10.81')\nRan 5 tests\nFAILED (failures=1)\n",
    "success": "$ python -m unittest\nRan 5 tests\nOK\n",
}
Act = Callable[[Json], Awaitable[object]]


class ForgePages:
    """The pages' routes. `logins` are people's accounts by the ids of their users; `user` names who acts."""

    def __init__(self, forge: Forge, *, logins: Callable[[], dict[str, str]]) -> None:
        self._forge = forge
        self._logins = logins

    def add_to(self, application: web.Application) -> None:
        add = application.router.add_route
        for path in ("", "/pulls", "/pull/{number:\\d+}", "/issues", "/issues/{number:\\d+}"):
            add("GET", f"{PREFIX}/{{owner:[^/.]+}}/{{name:[^/]+}}{path}", self._page)
        add("GET", "/app/forge/repositories", self._repositories)
        add("GET", "/app/forge/pulls", self._pulls)
        add("GET", "/app/forge/pull", self._pull)
        add("GET", "/app/forge/issues", self._issues)
        acts: dict[str, Act] = {
            "comment": self._comment,
            "line-comment": self._line_comment,
            "resolve": self._resolve,
            "review": self._review,
            "ci": self._ci,
            "merge": self._merge,
            "change": self._change,
            "issue": self._open_issue,
            "label": self._label,
            "switch": self._switch,
            "fault": self._fault,
        }
        for name, act in acts.items():
            add("POST", f"/app/forge/{name}", with_body(_refused_in_words(act)))

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        return files.page("forge/index.html")

    async def _repositories(self, _request: web.Request) -> web.StreamResponse:
        return answer([one["full_name"] for one in self._forge.records.every("repository")])

    async def _pulls(self, request: web.Request) -> web.StreamResponse:
        full_name = self._repository(request.query.get("repository", ""))
        git = self._forge.git(full_name)
        return answer([self._forge.views.pull(one, git) for one in reversed(self._forge.pulls(full_name))])

    async def _issues(self, request: web.Request) -> web.StreamResponse:
        """Open issues, newest first; the one of `number` also where it is closed."""
        named = request.query.get("number", "")
        full_name = self._repository(request.query.get("repository", ""))
        git, every = self._forge.git(full_name), self._forge.records.children("pull", full_name)
        issues = [one for one in reversed(every) if one["head"] is None]
        found = [one for one in issues if one["state"] == "open" or str(one["number"]) == named]
        return answer({"issues": [self._forge.views.issue(one, git) for one in found]})

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        """All that the page of a pull request shows."""
        number = request.query.get("number", "")
        found = self._found({"repository": request.query.get("repository", ""), "number": number})
        return answer(await self._shown(found))

    async def _shown(self, found: Json) -> Json:
        forge, full_name = self._forge, found["repository"]
        git, records, views = forge.git(full_name), forge.records, forge.views
        base, head = base_of(found, git), head_of(found, git)
        whole = await views.whole_pull(found, git)
        runs = forge.checks.check_runs(full_name, head)
        newest = {(one["app"], one["name"]): one for one in runs}
        lines = records.children("line_comment", key(found))
        try:
            listed, changed = await git.commits(base, head), await git.files(base, head)
        except GitError:
            listed, changed = [], []
        return {
            "pull": whole,
            "commits": [commits.commit(forge.at, full_name, one) for one in listed],
            "files": [commits.file(forge.at, full_name, head, one) for one in changed],
            "statuses": [views.status(full_name, one) for one in forge.checks.newest_statuses(full_name, head)],
            "checks": [{**views.check_run(full_name, one), "log": one["log"]} for one in newest.values()],
            "comments": [views.comment(one) for one in records.children("comment", key(found))],
            "reviews": [views.review(one) for one in records.children("review", key(found))],
            "line_comments": [
                {**views.line_comment(one, git), "resolved": one["resolved"], "outdated": one["outdated"]}
                for one in lines
            ],
            "events": [
                {"event": one["event"], "login": one["user"], "at": one["created_at"], "about": one.get("about")}
                for one in records.children("event", key(found))
            ],
            "people": self._logins(),
            "switches": self._switched(full_name),
            "faults": [{"kind": kind, "words": words} for kind, (words, _) in BUTTONS.items()],
            "planned": len(forge.faults),
        }

    # -- what people do

    async def _comment(self, body: Json) -> object:
        found = self._found(body)
        made = self._forge.discussion.add_comment(self._login(body), found, str(body.get("body", "")))
        return self._forge.views.comment(made)

    async def _line_comment(self, body: Json) -> object:
        found = self._found(body)
        made = await self._forge.discussion.add_line_comment(self._login(body), found, body)
        return self._forge.views.line_comment(made, self._forge.git(found["repository"]))

    async def _resolve(self, body: Json) -> object:
        found = self._found(body)
        thread = self._forge.records.get("line_comment", int(body.get("thread", 0)))
        if thread is None or thread["parent"] != key(found):
            raise NotPossibleError("There is no such conversation.", status=404)
        self._require_write(body)
        self._forge.records.change("line_comment", thread, resolved=body.get("resolved") is True)
        self._forge.changed(found)
        return {}

    async def _review(self, body: Json) -> object:
        found = self._found(body)
        event, words = str(body.get("event", "")), str(body.get("body") or "")
        made = self._forge.discussion.add_review(self._login(body), found, event=event, body=words, commit=None)
        return self._forge.views.review(made)

    async def _ci(self, body: Json) -> object:
        """The pull request's own CI, as its newest commit has it: `success`, `failure` or `running`."""
        found = self._found(body)
        conclusion = str(body.get("conclusion", ""))
        if conclusion not in ("success", "failure", "running"):
            raise NotPossibleError("conclusion is success, failure or running")
        full_name = found["repository"]
        commit = head_of(found, self._forge.git(full_name))
        given: Json = {"name": str(body.get("name") or CI), "log": str(body.get("log") or LOG.get(conclusion, ""))}
        given |= {} if conclusion == "running" else {"conclusion": conclusion}
        return self._forge.views.check_run(full_name, self._forge.checks.set_check(full_name, commit, given))

    async def _merge(self, body: Json) -> object:
        self._require_write(body)
        method = str(body.get("method", "merge"))
        return {"sha": await self._forge.merge(self._login(body), self._found(body), method=method)}

    async def _change(self, body: Json) -> object:
        """Close, reopen, draft or ready, title and body: as who may write."""
        self._require_write(body)
        found = self._found(body)
        if isinstance(body.get("draft"), bool):
            found = self._forge.ready(self._login(body), found, is_draft=body["draft"])
        given = {name: str(body[name]) for name in ("title", "body", "state") if name in body}
        self._forge.change_pull(self._login(body), found, given)
        return {}

    async def _open_issue(self, body: Json) -> object:
        full_name, title = self._repository(str(body.get("repository", ""))), str(body.get("title", "")).strip()
        if not title:
            raise NotPossibleError("An issue has a title.")
        given: Json = {"title": title, "body": str(body.get("body") or "")}
        made = self._forge.open_issue(self._login(body), full_name, given)
        return self._forge.views.issue(made, self._forge.git(full_name))

    async def _label(self, body: Json) -> object:
        """Put a label on an issue or take it away, as who may write."""
        self._require_write(body)
        found, label = self._found(body, is_pull=False), str(body.get("label", ""))
        if body.get("on") is False:
            marking.remove_label(self._forge, self._login(body), found, label)
        else:
            marking.add_labels(self._forge, self._login(body), found, [label])
        return {}

    async def _switch(self, body: Json) -> object:
        """What lasts until it is switched off."""
        full_name, is_on = self._repository(str(body.get("repository", ""))), body.get("on") is True
        match body.get("switch"):
            case "archived":
                self._forge.set_up(full_name, archived=is_on)
            case "read_only":
                self._forge.set_up(full_name, may_push=not is_on)
            case "token_refused":
                self._forge.credentials.is_refused = is_on
            case _:
                raise NotPossibleError(f"switch is one of {', '.join(SWITCHES)}")
        return self._switched(full_name)

    async def _fault(self, body: Json) -> object:
        """One of the buttons, or none of them with `kind` left out: what was planned is forgotten."""
        kind = body.get("kind")
        if kind is None:
            self._forge.faults.clear()
            return {}
        if kind not in BUTTONS:
            raise NotPossibleError(f"kind is one of {', '.join(BUTTONS)}")
        self._forge.faults.extend(of(one) for one in BUTTONS[str(kind)][1])
        return {"planned": len(self._forge.faults)}

    def _switched(self, full_name: str) -> list[Json]:
        found: Any = self._forge.repository(full_name)
        are_on = {
            "archived": found["archived"],
            "read_only": not found["may_push"],
            "token_refused": self._forge.credentials.is_refused,
        }
        return [{"switch": name, "words": words, "on": are_on[name]} for name, words in SWITCHES.items()]

    def _login(self, body: Json) -> str:
        login = self._logins().get(str(body.get("user", "")))
        if login is None:
            raise NotPossibleError("user is the id of a person here")
        return login

    def _require_write(self, body: Json) -> None:
        if self._forge.views.account(self._login(body))["permission"] not in ("write", "maintain", "admin"):
            raise NotPossibleError("You have no write access to this repository.", status=403)

    def _repository(self, full_name: str) -> str:
        found = self._forge.repository(full_name)
        if found is None:
            raise NotPossibleError("There is no such repository.", status=404)
        return found["full_name"]

    def _found(self, body: Json, *, is_pull: bool = True) -> Json:
        number = str(body.get("number", ""))
        full_name = self._repository(str(body.get("repository", "")))
        if not number.isdigit():
            raise NotPossibleError("number is that of a pull request")
        try:
            return self._forge.numbered(full_name, int(number), is_pull=is_pull)
        except ForgeRefusal as refusal:
            raise NotPossibleError("There is no such pull request.", status=404) from refusal


def _refused_in_words(act: Act) -> Act:
    async def acted(body: Json) -> object:
        try:
            return await act(body)
        except ForgeRefusal as refusal:
            details = [_reason(one) for one in refusal.errors or ()]
            raise NotPossibleError(
                ": ".join([refusal.message, *filter(None, details)]), status=refusal.status
            ) from refusal
        except GitError as error:
            raise NotPossibleError(f"git refused it: {error}", status=409) from error

    return acted


def _reason(error: Json | str) -> str:
    return error if isinstance(error, str) else str(error.get("message") or error.get("field") or "")
