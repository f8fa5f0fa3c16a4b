"""The module with which a project of the kind `forge` begins; counterpart of `template.py`, which fills it."""

from typing import Final

__all__ = ["FORGE"]

FORGE: Final = '''\
"""The kind of forge `@name@`: it keeps pull requests in a file of JSON. Change `_Server`, then what asks it."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from ompycord.domain.configuration.forge_options import ForgeAddress, ForgeSpec
from ompycord.domain.issue_calls.records import IssueCall
from ompycord.domain.issues.seen import SeenIssue
from ompycord.domain.ports import CommitStatus, ForgeAccess, OpenedPullRequest, ProposedPullRequest, PullRequestState
from ompycord.domain.pull_requests.seen import SeenChecks, SeenComment, SeenDiscussion, SeenPull
from ompycord.errors import ForgeFailed, ForgeUnanswered
from ompycord.forge.kind import ForgeConnection, ForgeKind, ForgeTrial
from ompycord.forge.once import made_once, opened_once

__all__ = ["FORGE", "@class@Forge", "@class@Options"]

_ME = 1


class @class@Options(ForgeSpec):
    """Options of `repositories.NAME.forge`, beside those that every forge has."""

    kind: Literal["@name@"] = "@name@"
    api: ForgeAddress = "https://@dashed@.example"
    file: Path


class _Server:
    """Asks the forge. Each request reads the token anew, asks whether the forge rests, and says how it answered."""

    def __init__(self, spec: @class@Options, connection: ForgeConnection) -> None:
        self._spec, self._connection = spec, connection

    def read(self) -> dict[str, Any]:
        """What is there. An error has words with what to do next, and never the token."""
        name, rests = self._spec.repository, self._connection.rests
        rests.require(self._spec)
        token = self._connection.token()
        try:
            found: dict[str, Any] = json.loads(self._spec.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            rests.failed(self._spec)
            raise ForgeUnanswered("unreachable", f"{name}: its file cannot be read. Check forge.file.") from None
        rests.answered(self._spec)
        if token != found["token"]:
            raise ForgeFailed("authentication", f"{name}: the token was refused. Put a new one into forge.token_file.")
        if name != found["repository"]:
            raise ForgeFailed("not_found", f"{name} is not there. Check forge.repository.")
        return found

    def write(self, content: dict[str, Any]) -> None:
        """Keep it. The file `lose` stands for an answer that is lost on its way: it took effect, and nobody knows."""
        content["changes"] += 1
        self._spec.file.write_text(json.dumps(content), encoding="utf-8")
        lose = self._spec.file.with_name("lose")
        if lose.exists():
            lose.unlink()
            raise ForgeUnanswered("unreachable", f"{self._spec.repository}: its forge does not answer. Retry later.")

    def pull(self, content: dict[str, Any], number: int) -> dict[str, Any]:
        """One pull request."""
        for one in content["pulls"]:
            if one["number"] == number:
                return one
        raise ForgeFailed("not_found", f"{self._spec.repository} has no pull request {number}. Look there.")


class @class@Forge:
    """One repository: opens pull requests, marks them, and reads what is open. One class may do all of it."""

    refused_paths: tuple[str, ...] = ()

    def __init__(self, spec: @class@Options, connection: ForgeConnection) -> None:
        self._spec, self._clock = spec, connection.clock
        self._server = _Server(spec, connection)

    @property
    def marks(self) -> "@class@Forge":
        return self

    async def close(self) -> None:
        """Close connections; this one has none."""

    # -- opening

    async def examine(self, *, branch: str = "") -> ForgeAccess:
        """Safe to repeat. The repository as the forge calls it, not as it was asked for."""
        name = self._server.read()["repository"]
        return ForgeAccess(
            login="ompycord-bot", repository=name, default_branch="main", may_push=True, is_archived=False
        )

    async def newest(self, *, head: str, marker: str) -> PullRequestState | None:
        """Safe to repeat. Ended ones too; only ours: by us, of this branch, with the mark in its text."""
        found = [one for one in self._server.read()["pulls"] if one["head"] == head and marker in one["body"]]
        return self._state(found[-1]) if found else None

    async def open(self, proposed: ProposedPullRequest) -> OpenedPullRequest:
        """Probed before it is repeated: `opened_once` looks for ours, also after an answer that was lost."""

        async def find() -> OpenedPullRequest | None:
            for one in self._server.read()["pulls"]:
                is_of = (one["head"], one["base"], one["state"]) == (proposed.head, proposed.base, "open")
                if is_of and proposed.marker in one["body"]:
                    return self._opened(one, is_adopted=True)
            return None

        async def make() -> OpenedPullRequest:
            content = self._server.read()
            commit = content["branches"].get(proposed.head)
            if commit is None:
                words = f"{self._spec.repository} has no branch {proposed.head} yet. Retry in a moment."
                raise ForgeFailed("head", words)
            one = {"number": len(content["pulls"]) + 100, "state": "open", "commit": commit, **proposed.model_dump()}
            content["pulls"].append(one)
            self._server.write(content)
            return self._opened(one)

        return await opened_once(self._clock, find=find, make=make)

    async def pull_request(self, number: int) -> PullRequestState:
        """Safe to repeat."""
        return self._state(self._server.pull(self._server.read(), number))

    async def edit_body(self, number: int, body: str) -> None:
        """Safe to repeat; the title stays."""
        self._change(number, body=body)

    async def mark_ready(self, number: int) -> None:
        """Safe to repeat."""
        self._change(number, is_draft=False)

    # -- marks

    async def add_labels(self, number: int, labels: Sequence[str]) -> Sequence[str]:
        """Safe to repeat. Those that could not be put: this forge has no labels."""
        return labels

    async def ask_reviewers(self, number: int, reviewers: Sequence[str]) -> Sequence[str]:
        """Safe to repeat. Those who could not be asked."""
        return reviewers

    async def assign(self, number: int, people: Sequence[str]) -> Sequence[str]:
        """Safe to repeat. Those to whom it could not be given."""
        return people

    async def set_status(self, commit: str, status: CommitStatus) -> None:
        """Safe to repeat."""
        content = self._server.read()
        content["statuses"][f"{commit} {status.context}"] = status.state
        self._server.write(content)

    async def put_comment(self, number: int, text: str, *, marker: str, known: int | None = None) -> int:
        """Probed before it is repeated. Ours by author and mark; another's is never ours, whatever it says."""

        async def find() -> int | None:
            content = self._server.read()
            for one in content["comments"]:
                if one["pull"] == number and one["author"] == _ME and marker in one["text"]:
                    if one["text"] != text:
                        one["text"] = text
                        self._server.write(content)
                    return int(one["id"])
            return None

        async def make() -> int:
            return self._said(number, text)

        return await made_once(self._clock, find=find, make=make)

    # -- what is open

    async def open_pulls(self) -> Mapping[int, SeenPull]:
        """Safe to repeat, as all that reads."""
        content = self._server.read()
        return {one["number"]: self._seen(content, one) for one in content["pulls"] if one["state"] == "open"}

    async def pull(self, number: int) -> SeenPull:
        """Also one that has ended."""
        content = self._server.read()
        return self._seen(content, self._server.pull(content, number))

    async def checks(self, commit: str, *, base: str) -> SeenChecks:
        """The forge's own CI; this one has none."""
        return SeenChecks()

    async def discussion(self, number: int) -> SeenDiscussion:
        """What was written about it. This forge has neither reviews nor comments at lines."""
        comments = tuple(
            SeenComment(
                id=one["id"], kind="comment", login=one["login"], author=one["author"], is_bot=one["author"] == _ME,
                text=one["text"], at=0, url=self._url(number),
            )
            for one in self._server.read()["comments"]
            if one["pull"] == number
        )
        return SeenDiscussion(me=_ME, login="ompycord-bot", comments=comments)

    async def has_branch(self, branch: str) -> bool:
        return branch in self._server.read()["branches"]

    async def log_of(self, job: int) -> str | None:
        """The end of the log of a job of its CI; None where it is gone."""
        return None

    async def comment(self, number: int, *, marker: str, text: str, thread: int | None = None) -> None:
        """Probed before it is repeated: ours with this mark stays. The mark is written, too."""
        await self.put_comment(number, f"{marker}\\n{text}", marker=marker)

    async def close_pull(self, number: int) -> None:
        """Safe to repeat."""
        self._change(number, state="closed")

    async def issue(self, number: int) -> SeenIssue:
        found = self._server.read()["issues"].get(str(number))
        if found is None:
            raise ForgeFailed("not_found", f"{self._spec.repository} has no issue {number}. Look there.")
        return SeenIssue(number=number, url=self._url(number), **found)

    # -- rights of those who start runs by a label

    async def put_of(self, call: IssueCall) -> str | None:
        """The forge's name of the act by which the account put the label; None where it did not, or nobody knows."""
        return None

    async def may_write(self, login: str) -> bool:
        return False

    # -- answers

    def _change(self, number: int, **values: object) -> None:
        content = self._server.read()
        self._server.pull(content, number).update(values)
        self._server.write(content)

    def _said(self, number: int, text: str) -> int:
        content = self._server.read()
        made = {"id": len(content["comments"]) + 1, "pull": number, "author": _ME, "login": "ompycord-bot"}
        content["comments"].append({**made, "text": text})
        self._server.write(content)
        return int(made["id"])

    def _url(self, number: int) -> str:
        return self._spec.address_of(number)

    def _opened(self, one: Mapping[str, Any], *, is_adopted: bool = False) -> OpenedPullRequest:
        number = int(one["number"])
        return OpenedPullRequest(
            number=number, url=self._url(number), is_draft=one["is_draft"], is_adopted=is_adopted
        )

    def _state(self, one: Mapping[str, Any]) -> PullRequestState:
        return PullRequestState(
            number=one["number"], url=self._url(one["number"]), state=one["state"], is_draft=one["is_draft"],
            title=one["title"], body=one["body"], head=one["head"], head_commit=one["commit"], base=one["base"],
        )

    def _seen(self, content: Mapping[str, Any], one: Mapping[str, Any]) -> SeenPull:
        return SeenPull(
            number=one["number"], url=self._url(one["number"]), state=one["state"], is_draft=one["is_draft"],
            branch=one["head"], commit=one["commit"], base=one["base"],
            base_commit=content["branches"].get(one["base"], ""), updated_at=str(content["changes"]),
        )


@asynccontextmanager
async def _trial(folder: Path) -> AsyncGenerator[ForgeTrial]:
    """A double of the forge for `ompycord plugin check`: its repository, a branch, an issue, and lost answers."""
    file, token = folder / "forge.json", folder / "token"
    branches = {"main": "a" * 40, "ompycord/fix": "b" * 40}
    issue = {"title": "It is slow", "text": "Very.", "login": "anna"}
    file.write_text(json.dumps({
        "token": "t" * 20, "repository": "acme/shop", "branches": branches, "issues": {"7": issue},
        "pulls": [], "comments": [], "statuses": {}, "changes": 0,
    }))
    token.write_text("t" * 20)
    yield ForgeTrial(
        options={"repository": "acme/shop", "file": file, "token_file": token},
        head="ompycord/fix",
        head_commit=branches["ompycord/fix"],
        base="main",
        issue=7,
        lose_answer=(folder / "lose").touch,
        opened=lambda: len(json.loads(file.read_text())["pulls"]),
    )


FORGE = ForgeKind(options=@class@Options, proposing=@class@Forge, following=@class@Forge, trial=_trial)
'''
