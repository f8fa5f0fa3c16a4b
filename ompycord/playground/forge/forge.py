"""The forge: what may be done to its repositories and pull requests, by whom, and what follows from it.

Counterparts: `rest/`, by which programs ask for it, and `page_api.py`, by which people do.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from ompycord.playground.forge import smart_http
from ompycord.playground.forge.commit_checks import CommitChecks
from ompycord.playground.forge.credentials import APP_BOT, Credentials
from ompycord.playground.forge.discussion import Discussion, hunk_at, key
from ompycord.playground.forge.faults import Faults
from ompycord.playground.forge.git_folder import GitError, GitFolder
from ompycord.playground.forge.hook_events import HookEvents
from ompycord.playground.forge.objects.addresses import Addresses
from ompycord.playground.forge.records import BOT, Records
from ompycord.playground.forge.refusals import ForgeRefusal, invalid, not_found
from ompycord.playground.forge.views import Views, base_of, head_of
from ompycord.playground.rules.documents import Json
from ompycord.playground.world.storage import Storage

ACCOUNTS: Final = (
    ("github", 9919, "Organization", "none"),
    (BOT, 99, "Bot", "write"),
    (APP_BOT, 98, "Bot", "write"),
    ("github-actions[bot]", 41898282, "Bot", "write"),
)
"""login, number, type, permission: those that every forge has."""
LIMIT: Final = 5000
"""Requests an hour."""


async def _nothing() -> None:
    return


class Forge:
    """One forge. `now` is its clock, in seconds since 1970."""

    def __init__(self, folder: Path, *, web: str, token: str, now: Callable[[], float]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.credentials = Credentials(token, now=now)
        self.now = now
        self.storage = Storage(folder / "forge.db")
        self.records = Records(self.storage, now)
        self.views = Views(self.records, Addresses(web=web))
        self.hooks = HookEvents(self.records, self.views, git=self.git)
        self.discussion = Discussion(self.records, self.views, git=self.git, changed=self.changed, hooks=self.hooks)
        self.checks = CommitChecks(self.records, changed=self.changed_commit, hooks=self.hooks)
        self.faults = Faults()
        self.remaining = LIMIT
        self.headers: dict[str, str] = {}
        """Of every answer of REST."""
        self.on_opened: Callable[[], Awaitable[None]] = _nothing
        """Called when a pull request is there and no one was answered."""
        self.on_changed: Callable[[str, int], None] = lambda _repository, _number: None
        """Called with a pull request that is shown otherwise now."""
        self._folders: dict[str, GitFolder] = {}
        for login, number, kind, permission in ACCOUNTS:
            self.add_account(login, number=number, kind=kind, permission=permission)

    def close(self) -> None:
        self.storage.close()

    @property
    def at(self) -> Addresses:
        return self.views.at

    # -- accounts and repositories

    def add_account(self, login: str, *, number: int, kind: str = "User", permission: str = "read") -> Json:
        """An account, where there is none of that name."""
        found = self.records.named("account", login)
        if found is not None:
            return found
        made = {"id": number, "login": login, "type": kind, "permission": permission, "at": self.records.moment()}
        return self.records.put_named("account", login, made)

    async def add_repository(self, full_name: str, *, number: int = 42) -> Json:
        """A repository, empty where its folder is not there yet."""
        folder = self.path_of(full_name)
        if not folder.is_dir():
            await smart_http.make_repository(folder)
        found = self.records.named("repository", full_name)
        if found is not None:
            return found
        owner = full_name.partition("/")[0]
        self.add_account(owner, number=1, kind="Organization", permission="admin")
        made: Json = {
            "id": number,
            "full_name": full_name,
            "default_branch": "main",
            "archived": False,
            "may_push": True,
            "has_drafts": True,
            "is_linear": False,
            "protected": [],
            "required": [],
            "at": self.records.moment(),
        }
        return self.records.put_named("repository", full_name, made)

    def repository(self, full_name: str) -> Json | None:
        return self.records.named("repository", full_name)

    def set_up(self, full_name: str, **fields: object) -> Json:
        """Change what a repository allows."""
        found = self.records.named("repository", full_name)
        if found is None:
            raise not_found()
        return self.records.put_named("repository", full_name, found | fields)

    def rename(self, full_name: str, new: str) -> None:
        """Rename a repository; its former name leads to it."""
        found = self.records.named("repository", full_name)
        if found is None:
            raise not_found()
        self.path_of(new).parent.mkdir(parents=True, exist_ok=True)
        self.path_of(full_name).rename(self.path_of(new))
        self._folders.clear()
        for kind in ("pull", "label"):
            for one in self.records.children(kind, full_name):
                self.records.put(kind, one | {"parent": new} | ({"repository": new} if "repository" in one else {}))
        self.records.forget("repository", full_name)
        self.records.put_named("repository", new, found | {"full_name": new})
        self.records.put_named("former", full_name, {"to": new})

    def now_called(self, full_name: str) -> str | None:
        """The present name of a repository that was renamed; None for any other."""
        moved = self.records.named("former", full_name)
        return moved["to"] if moved is not None else None

    def path_of(self, full_name: str) -> Path:
        """The folder of a repository, within the forge's own."""
        path = (self.folder / f"{full_name}.git").resolve()
        if not path.is_relative_to(self.folder.resolve()) or len(path.relative_to(self.folder.resolve()).parts) != 2:
            raise not_found()
        return path

    def git(self, full_name: str) -> GitFolder:
        if full_name not in self._folders:
            self._folders[full_name] = GitFolder(self.path_of(full_name))
        return self._folders[full_name]

    # -- pull requests and issues

    def pulls(self, full_name: str) -> list[Json]:
        """Pull requests, oldest first; issues are not among them."""
        return [one for one in self.records.children("pull", full_name) if one["head"] is not None]

    def numbered(self, full_name: str, number: int, *, is_pull: bool = True) -> Json:
        """A pull request, or an issue with `is_pull` false. Raises ForgeRefusal."""
        for one in self.records.children("pull", full_name):
            if one["number"] == number and (one["head"] is not None or not is_pull):
                return one
        raise not_found()

    async def open_pull(self, login: str, full_name: str, given: Json) -> Json:
        """Open a pull request as GitHub would. Raises ForgeRefusal."""
        repository = self.repository(full_name) or {}
        git = self.git(full_name)
        owner, _, head = str(given["head"]).rpartition(":")
        if owner not in ("", full_name.partition("/")[0]):
            raise invalid("PullRequest", field="head")
        for one in self.pulls(full_name):
            if one["state"] == "open" and (one["head"], one["base"]) == (head, given["base"]):
                label = f"{full_name.partition('/')[0]}:{head}"
                raise invalid("PullRequest", message=f"A pull request already exists for {label}.")
        ends = {"head": git.tip(head), "base": git.tip(str(given["base"]))}
        for field, commit in ends.items():
            if commit is None:
                raise invalid("PullRequest", field=field)
        head_commit, base_commit = str(ends["head"]), str(ends["base"])
        if await git.is_within(head_commit, base_commit):
            raise invalid("PullRequest", message=f"No commits between {given['base']} and {head}")
        if given.get("draft") and not repository["has_drafts"]:
            raise ForgeRefusal(422, "Draft pull requests are not supported in this repository.")
        if len(str(given["title"])) > 256:
            raise invalid("PullRequest", message="title is too long (maximum is 256 characters)")
        if len(str(given.get("body") or "")) > 65536:
            raise invalid("PullRequest", message="body is too long (maximum is 65536 characters)")
        made = self.add_issue(login, full_name, given, head=head, base=str(given["base"]))
        made |= {"head_commit": head_commit, "base_commit": base_commit}
        self.records.put("pull", made)
        await self.on_opened()
        self.changed(made)
        self.hooks.happened(made, "opened", login)
        return made

    def open_issue(self, login: str, full_name: str, given: Json) -> Json:
        """Open an issue."""
        made = self.add_issue(login, full_name, given)
        self.hooks.happened(made, "opened", login)
        self.changed(made)
        return made

    def add_issue(
        self, login: str, full_name: str, given: Json, *, head: str | None = None, base: str | None = None
    ) -> Json:
        """A record of an issue or a pull request, as it is asked for."""
        made: Json = {
            "repository": full_name,
            "number": self.records.next(f"number of {full_name}"),
            "title": given["title"],
            "body": given.get("body"),
            "state": "open",
            "draft": bool(given.get("draft", False)),
            "user": login,
            "head": head,
            "base": base,
            "head_repository": None,
            "head_commit": "",
            "base_commit": "",
            "labels": list(given.get("labels", ())),
            "assignees": list(given.get("assignees", ())),
            "reviewers": [],
            "teams": [],
            "closed_at": None,
            "merged_at": None,
            "merged_by": None,
            "merge_commit": None,
        }
        return self.records.add("pull", full_name, made)

    def change_pull(self, login: str, found: Json, given: Json) -> Json:
        """Title, body, base or state. Raises ForgeRefusal."""
        git = self.git(found["repository"])
        fields = {name: given[name] for name in ("title", "body", "base") if name in given}
        if "base" in fields and git.tip(str(fields["base"])) is None:
            raise invalid("PullRequest", field="base")
        if (state := given.get("state")) is not None and state != found["state"]:
            fields |= self._ended(found, git) if state == "closed" else self._reopened(found, git)
        was = found["state"]
        changed = self.records.change("pull", found, **fields)
        if changed["state"] != was:
            self.note(changed, "closed" if state == "closed" else "reopened", login)
        elif fields:
            self.hooks.happened(changed, "edited", login)
        self.changed(changed)
        return changed

    def _ended(self, found: Json, git: GitFolder) -> Json:
        if found["head"] is None:
            return {"state": "closed", "closed_at": self.records.moment()}
        ends = {"head_commit": head_of(found, git), "base_commit": base_of(found, git)}
        return {"state": "closed", "closed_at": self.records.moment(), **ends}

    def _reopened(self, found: Json, git: GitFolder) -> Json:
        if found["merged_at"] is not None or (found["head"] is not None and git.tip(found["head"]) is None):
            message = "state cannot be changed. The pull request cannot be reopened."
            raise invalid("PullRequest", message=message)
        return {"state": "open", "closed_at": None}

    def ready(self, login: str, found: Json, *, is_draft: bool) -> Json:
        """A draft that is ready now, or the other way round."""
        changed = self.records.change("pull", found, draft=is_draft)
        self.hooks.happened(changed, "converted_to_draft" if is_draft else "ready_for_review", login)
        self.changed(changed)
        return changed

    async def merge(self, login: str, found: Json, *, method: str = "merge", expected: str | None = None) -> str:
        """Merge it; the commit that the base is at now. Raises ForgeRefusal."""
        git = self.git(found["repository"])
        repository = self.repository(found["repository"]) or {}
        head, base = head_of(found, git), base_of(found, git)
        if expected is not None and expected != head:
            raise ForgeRefusal(409, "Head branch was modified. Review and try the merge again.")
        if found["state"] != "open" or found["draft"] or (repository["is_linear"] and method == "merge"):
            words = "Merge commits are not allowed on this repository." if found["state"] == "open" else ""
            raise ForgeRefusal(405, words or "Pull Request is not mergeable")
        try:
            tree = await git.merged_tree(base, head)
        except GitError as error:
            raise ForgeRefusal(405, "Pull Request is not mergeable") from error
        title = f"{found['title']} (#{found['number']})"
        merged = f"Merge pull request #{found['number']} from {found['head']}\n\n{found['title']}"
        parents = [base] if method == "squash" else [base, head]
        author = (login, f"{login}@users.noreply.forge.example")
        message = title if method == "squash" else merged
        made = await git.put_commit(found["base"], tree=tree, parents=parents, message=message, author=author)
        now = self.records.moment()
        ends = {"head_commit": head, "base_commit": base, "merge_commit": made}
        done = {"state": "closed", "closed_at": now, "merged_at": now, "merged_by": login}
        self.changed(self.records.change("pull", found, **ends, **done))
        self.note(found, "merged", login)
        return made

    # -- what follows

    async def after_push(self, full_name: str) -> None:
        """Branches moved or went away: pull requests follow."""
        git = self.git(full_name)
        for found in self.pulls(full_name):
            if found["state"] != "open" or found["head_repository"] is not None:
                continue
            tip = git.tip(found["head"])
            if tip is None or git.tip(found["base"]) is None:
                self.change_pull(found["user"], found, {"state": "closed"})
            elif tip != found["head_commit"]:
                await self._moved(found, git, tip)

    async def _moved(self, found: Json, git: GitFolder, tip: str) -> None:
        """A pull request with new commits: comments on lines that changed are outdated."""
        base = base_of(found, git)
        for one in self.records.children("line_comment", key(found)):
            files = {file["path"]: file for file in await git.files(base, tip)}
            patch = files[one["path"]]["patch"] if one["path"] in files else ""
            is_there = hunk_at(patch, one["line"], one["side"]) is not None
            is_same = is_there and await git.text_of(tip, one["path"]) == await git.text_of(one["commit"], one["path"])
            self.records.change("line_comment", one, outdated=not is_same)
        self.changed(self.records.change("pull", found, head_commit=tip))
        self.hooks.happened(found, "synchronize", BOT)

    def note(self, found: Json, event: str, login: str, about: str | None = None) -> None:
        """A line of the timeline, once it is so."""
        more = {} if about is None else {"about": about}
        self.records.add("event", key(found), {"event": event, "user": login, **more})
        self.hooks.happened(found, event, login, about)

    def changed(self, found: Json) -> None:
        self.on_changed(found["repository"], found["number"])

    def changed_commit(self, full_name: str, commit: str) -> None:
        git = self.git(full_name)
        for found in self.pulls(full_name):
            if head_of(found, git) == commit:
                self.changed(found)
