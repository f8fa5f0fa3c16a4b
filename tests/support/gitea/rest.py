"""Gitea's REST interface over the tests' forge, as far as its description is used: no ETags, no limit of requests.

Simulated: no Gitea answers. At most 50 of a list at once, and comments in one list, as Gitea has it.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from ompycord.playground.forge.discussion import key
from ompycord.playground.forge.forge import Forge
from ompycord.playground.forge.refusals import ForgeRefusal
from ompycord.playground.forge.rest.api import ForgeRest, Received
from ompycord.playground.forge.rest.call import ForgeAnswer, ForgeCall, Route
from tests.support.gitea.described import DESCRIBED, require_described
from tests.support.gitea.objects import GiteaViews, Json

__all__ = ["API", "GiteaRest"]

API: Final = "/api/v1"
MOST: Final = 50
"""Of a list, unless the operator says otherwise (`MAX_RESPONSE_ITEMS`)."""
_DRAFT: Final = re.compile(r"(wip:|\[wip\])", re.IGNORECASE)
_EVENTS: Final = {"APPROVED": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}

Handling = Callable[[ForgeCall], Awaitable[ForgeAnswer]]


class GiteaRest(ForgeRest):
    """The interface. `lacks` are scopes that the token does not have; `is_old` knows labels by their numbers alone."""

    def __init__(self, forge: Forge) -> None:
        acts: dict[tuple[str, str], Handling] = {
            ("GET", "/user"): self._user,
            ("GET", "/repos/{owner}/{name}"): self._repository,
        }
        for name, act in {
            "GET pulls": self._pulls,
            "POST pulls": self._open,
            "GET pulls/{number}": self._pull,
            "PATCH pulls/{number}": self._edit,
            "POST pulls/{number}/requested_reviewers": self._ask,
            "GET pulls/{number}/reviews": self._reviews,
            "POST pulls/{number}/reviews": self._review,
            "GET pulls/{number}/reviews/{review}/comments": self._lines,
            "GET labels": self._labels,
            "GET issues/{number}": self._issue,
            "GET issues/{number}/timeline": self._timeline,
            "POST issues/{number}/labels": self._put_labels,
            "GET issues/{number}/comments": self._comments,
            "POST issues/{number}/comments": self._comment,
            "GET issues/comments/{comment}": self._one_comment,
            "PATCH issues/comments/{comment}": self._edit_comment,
            "POST statuses/{commit}": self._set_status,
            "GET commits/{ref}/status": self._combined,
            "GET branches/{branch+}": self._branch,
            "GET collaborators/{login}/permission": self._permission,
        }.items():
            method, _, rest = name.partition(" ")
            acts[method, f"/repos/{{owner}}/{{name}}/{rest}"] = act
        assert acts.keys() == DESCRIBED.keys()
        routes: list[Route] = [(*at, self._described(at, act)) for at, act in acts.items()]
        super().__init__(forge, routes=routes, api=API)
        self.views = GiteaViews(forge.views, forge.records, forge.at.web)
        self.lacks: str = ""
        self.is_old = False
        self.most = MOST

    def add_to(self, application: web.Application, prefix: str) -> None:
        application.router.add_route("*", f"{prefix}{API}/{{path:.*}}", self.serve)

    async def _answer(self, request: web.Request, path: str, received: Received) -> ForgeAnswer:
        try:
            return await self._work(request, path, received, self._login(request, path))
        except ForgeRefusal as refusal:
            url = f"{self._forge.at.web}/api/swagger"
            return ForgeAnswer(status=refusal.status, body={"errors": None, "message": refusal.message, "url": url})

    def _described(self, at: tuple[str, str], act: Handling) -> Handling:
        async def handle(call: ForgeCall) -> ForgeAnswer:
            require_described(*at, call.query, call.body)
            if self.lacks and at[0] != "GET":
                words = f"token does not have at least one of required scope(s), required=[{self.lacks}]"
                raise ForgeRefusal(403, words)
            if at[0] != "GET" and call.repository["archived"]:
                raise ForgeRefusal(423, "Repo is archived")
            return await act(call)

        return handle

    def _paged(self, call: ForgeCall, found: list[Any], *, is_counted: bool = True) -> ForgeAnswer:
        size = max(1, min(int(call.query.get("limit", "30")), self.most))
        start = (int(call.query.get("page", "1")) - 1) * size
        headers = {"X-Total-Count": str(len(found))} if is_counted else {}
        return ForgeAnswer(body=found[start : start + size], headers=headers)

    # -- accounts and the repository

    async def _user(self, call: ForgeCall) -> ForgeAnswer:
        return ForgeAnswer(body=self.views.user(call.login))

    async def _repository(self, call: ForgeCall) -> ForgeAnswer:
        return ForgeAnswer(body=self.views.repository(call.repository))

    async def _permission(self, call: ForgeCall) -> ForgeAnswer:
        if self._forge.records.named("account", call.params["login"]) is None:
            raise ForgeRefusal(404, "The target couldn't be found.")
        level = self._forge.views.account(call.params["login"])["permission"]
        body = {"permission": level, "role_name": level, "user": self.views.user(call.params["login"])}
        return ForgeAnswer(body=body)

    async def _branch(self, call: ForgeCall) -> ForgeAnswer:
        name = call.params["branch"]
        tip = call.git.tip(name)
        if tip is None:
            raise ForgeRefusal(404, "The target couldn't be found.")
        required = call.repository["required"]
        body = {
            "name": name,
            "commit": {"id": tip, "message": "", "url": f"{self._forge.at.web}/{call.full_name}/commit/{tip}"},
            "protected": bool(required),
            "required_approvals": 0,
            "enable_status_check": bool(required),
            "status_check_contexts": required,
            "user_can_push": True,
            "user_can_merge": True,
            "effective_branch_protection_name": name if required else "",
        }
        return ForgeAnswer(body=body)

    # -- pull requests

    async def _pulls(self, call: ForgeCall) -> ForgeAnswer:
        state, poster = call.query.get("state", "open"), call.query.get("poster", "")
        base = call.query.get("base_branch", "")
        found = [
            one
            for one in reversed(self._forge.pulls(call.repository["full_name"]))
            if state in ("all", one["state"]) and base in ("", one["base"]) and poster in ("", one["user"])
        ]
        if call.query.get("sort") == "recentupdate":
            found.sort(key=lambda one: one["updated_at"], reverse=True)
        return self._paged(call, [self.views.pull(one, call.git) for one in found])

    async def _open(self, call: ForgeCall) -> ForgeAnswer:
        self._require_write(call)
        given, name = call.given, call.repository["full_name"]
        head, base = str(given.get("head")), str(given.get("base"))
        if call.git.tip(head) is None or call.git.tip(base) is None:
            raise ForgeRefusal(404, "The target couldn't be found.")
        for one in self._forge.pulls(name):
            if one["state"] == "open" and (one["head"], one["base"]) == (head, base) and not one["head_repository"]:
                raise ForgeRefusal(409, f"pull request already exists for these targets [id: {one['id']}]")
        draft = _DRAFT.match(str(given["title"])) is not None
        made = await self._forge.open_pull(call.login, name, {**given, "draft": draft})
        return ForgeAnswer(status=201, body=self.views.pull(made, call.git))

    async def _pull(self, call: ForgeCall) -> ForgeAnswer:
        return ForgeAnswer(body=self.views.pull(call.pull(), call.git))

    async def _edit(self, call: ForgeCall) -> ForgeAnswer:
        """Answers 201, and takes the whole list of those to whom it is assigned."""
        self._require_write(call)
        found, given = call.pull(), call.given
        if "state" in given and found["merged_at"] is not None:
            raise ForgeRefusal(412, "cannot change state of this pull request, it was already merged")
        wanted = given.get("assignees")
        if wanted is not None:
            for login in wanted:
                if self._forge.records.named("account", login) is None:
                    raise ForgeRefusal(422, f"Assignee does not exist: [name: {login}]")
            self._forge.records.change("pull", found, assignees=list(wanted))
        if given.get("title"):
            self._forge.records.change("pull", found, draft=_DRAFT.match(str(given["title"])) is not None)
        changed = self._forge.change_pull(call.login, found, given)
        return ForgeAnswer(status=201, body=self.views.pull(changed, call.git))

    async def _ask(self, call: ForgeCall) -> ForgeAnswer:
        self._require_write(call)
        found, wanted = call.pull(), [str(one) for one in call.given.get("reviewers", ())]
        for login in wanted:
            if self._forge.records.named("account", login) is None:
                raise ForgeRefusal(404, f"user does not exist [uid: 0, name: {login}]")
        if call.given.get("team_reviewers"):
            raise ForgeRefusal(404, "team does not exist")
        more = [login for login in wanted if login not in found["reviewers"]]
        self._forge.records.change("pull", found, reviewers=[*found["reviewers"], *more])
        return ForgeAnswer(status=201, body=[])

    # -- what is said

    async def _reviews(self, call: ForgeCall) -> ForgeAnswer:
        found = self._forge.records.children("review", key(call.pull()))
        lines = [one["review"] for one in self._forge.records.children("line_comment", key(call.pull()))]
        return self._paged(call, [self.views.review(one, lines.count(one["id"])) for one in found])

    async def _review(self, call: ForgeCall) -> ForgeAnswer:
        self._require_write(call)
        given, found = call.given, call.pull()
        comments, body = list(given.get("comments", ())), str(given.get("body", ""))
        event = str(given.get("event", ""))
        if event not in _EVENTS:
            raise ForgeRefusal(422, "review stays pending: nobody would see it")
        if event == "APPROVED" and call.login == found["user"]:
            raise ForgeRefusal(422, "approve your own pull is not allowed")
        if not body.strip() and (event == "REQUEST_CHANGES" or (event == "COMMENT" and not comments)):
            raise ForgeRefusal(422, f"review event {event} requires a body or a comment")
        for one in comments:
            if set(one) - {"path", "body", "new_position", "old_position"}:
                raise ForgeRefusal(422, "[]: no such field of a comment")
        made = self.add_review(call.login, found, _EVENTS[event], body, call.git.tip(found["head"]) or "")
        for one in comments:
            self.add_line(call.login, found, one, made["id"])
        return ForgeAnswer(body=self.views.review(made, len(comments)))

    def add_review(self, login: str, found: Json, state: str, body: str, commit: str) -> Json:
        """One by anybody."""
        made = {"user": login, "body": body, "state": state, "commit": commit, "association": "NONE"}
        review = self._forge.records.add("review", key(found), made)
        self._forge.records.change("pull", found)
        return review

    def add_line(self, login: str, found: Json, given: Json, review: int) -> Json:
        """A comment of a review on a line."""
        line, old = given.get("new_position", 0), given.get("old_position", 0)
        place: Json = {"path": given["path"], "line": line or old, "original_line": line or old, "hunk": "@@ -1 +1 @@"}
        place |= {"side": "RIGHT" if line else "LEFT", "commit": found["head_commit"]}
        made = {**place, "review": review, "user": login, "body": str(given["body"]), "outdated": False}
        more = {"resolved": False, "association": "NONE", "reply_to": given.get("reply_to")}
        self._forge.records.change("pull", found)
        return self._forge.records.add("line_comment", key(found), made | more)

    async def _lines(self, call: ForgeCall) -> ForgeAnswer:
        found = self._forge.records.children("line_comment", key(call.pull()))
        return ForgeAnswer(
            body=[self.views.line_comment(one) for one in found if one["review"] == call.number("review")]
        )

    async def _issue(self, call: ForgeCall) -> ForgeAnswer:
        return ForgeAnswer(body=self.views.issue(call.issue()))

    async def _timeline(self, call: ForgeCall) -> ForgeAnswer:
        """The history, oldest first, since a moment."""
        since = datetime.fromisoformat(call.query.get("since", "1970-01-01T00:00:00+00:00"))
        found = self._forge.records.children("event", key(call.issue()))
        shown = [self.views.change(one) for one in found if datetime.fromisoformat(one["created_at"]) >= since]
        return self._paged(call, shown)

    async def _comments(self, call: ForgeCall) -> ForgeAnswer:
        """All of them: pages are not known here."""
        issue = call.issue()
        found = self._forge.records.children("comment", key(issue))
        return ForgeAnswer(body=[self.views.comment(one, is_pull=issue["head"] is not None) for one in found])

    async def _comment(self, call: ForgeCall) -> ForgeAnswer:
        issue = call.issue()
        made = self._forge.discussion.add_comment(call.login, issue, str(call.given["body"]))
        return ForgeAnswer(status=201, body=self.views.comment(made, is_pull=issue["head"] is not None))

    async def _one_comment(self, call: ForgeCall) -> ForgeAnswer:
        return ForgeAnswer(body=self.views.comment(self._found(call), is_pull=True))

    async def _edit_comment(self, call: ForgeCall) -> ForgeAnswer:
        made = self._forge.records.change("comment", self._found(call), body=str(call.given["body"]))
        return ForgeAnswer(body=self.views.comment(made, is_pull=True))

    def _found(self, call: ForgeCall) -> Json:
        found = self._forge.records.get("comment", call.number("comment"))
        if found is None:
            raise ForgeRefusal(404, "The target couldn't be found.")
        return found

    # -- labels and statuses

    async def _labels(self, call: ForgeCall) -> ForgeAnswer:
        found = self._forge.records.children("label", call.repository["full_name"])
        return self._paged(call, [self.views.label(one) for one in found])

    async def _put_labels(self, call: ForgeCall) -> ForgeAnswer:
        """By number, or by name on newer servers; what is not there is left out without a word."""
        issue, name = call.issue(), call.repository["full_name"]
        wanted = call.given["labels"]
        if self.is_old and any(not isinstance(one, int) for one in wanted):
            raise ForgeRefusal(422, "[]: json: cannot unmarshal string into Go struct field of type int64")
        known = self._forge.records.children("label", name)
        more = [one["name"] for one in known if one["id"] in wanted or one["name"] in wanted]
        labels = [*issue["labels"], *(one for one in more if one not in issue["labels"])]
        self._forge.records.change("pull", issue, labels=labels)
        return ForgeAnswer(body=self.views.labels(name, labels))

    async def _set_status(self, call: ForgeCall) -> ForgeAnswer:
        self._require_write(call)
        name = call.repository["full_name"]
        made = self._forge.checks.set_status(call.login, name, call.params["commit"], call.given)
        return ForgeAnswer(status=201, body=self.views.status(name, made))

    async def _combined(self, call: ForgeCall) -> ForgeAnswer:
        """No header counts them; without a status old servers answer nothing at all."""
        name, commit = call.repository["full_name"], call.params["ref"]
        found = self._forge.checks.newest_statuses(name, commit)
        if not found and self.is_old:
            return ForgeAnswer(body=None)
        shown = self._paged(call, [self.views.status(name, one) for one in found], is_counted=False).body
        whole = {"state": "pending", "sha": commit, "total_count": len(shown), "statuses": shown or None}
        return ForgeAnswer(body={**whole, "repository": self.views.repository(call.repository), "url": ""})

    def _require_write(self, call: ForgeCall) -> None:
        if not call.repository["may_push"]:
            raise ForgeRefusal(403, "user should have a permission to write to the repo")
