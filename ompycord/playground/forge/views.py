"""The forge's records as GitHub's objects."""

from ompycord.playground.forge.git_folder import GitError, GitFolder
from ompycord.playground.forge.objects import accounts, checks, conversation, pull, repository
from ompycord.playground.forge.objects.addresses import Addresses
from ompycord.playground.forge.records import BOT, Records
from ompycord.playground.rules.documents import Json


class Views:
    """What REST and the page show. Without a process, but for `whole_pull`."""

    def __init__(self, records: Records, at: Addresses) -> None:
        self._records = records
        self.at = at

    def account(self, login: str) -> Json:
        """An account's record; that of a ghost where it is unknown."""
        found = self._records.named("account", login)
        ghost = {"id": 10137, "login": login, "type": "User", "permission": "none", "at": "2012-01-01T00:00:00Z"}
        return found or ghost

    def user(self, login: str) -> Json:
        return accounts.user(self.at, self.account(login))

    def repository(self, found: Json) -> Json:
        owner = self.account(found["full_name"].partition("/")[0])
        return repository.repository(self.at, found, owner, may_push=found["may_push"])

    def labels(self, full_name: str, names: list[str]) -> list[Json]:
        found = {one["name"]: one for one in self._records.children("label", full_name)}
        return [repository.label(self.at, full_name, found[name]) for name in names if name in found]

    def parts(self, found: Json, git: GitFolder) -> pull.PullParts:
        """What a pull request names. An issue has no ends."""
        full_name = found["repository"]
        here = self.repository(self._records.named("repository", full_name) or {})
        return pull.PullParts(
            user=self.user(found["user"]),
            head=self._head(found, here, git) if found["head"] is not None else {},
            base=self._end(here, found["base"], base_of(found, git)) if found["base"] is not None else {},
            labels=self.labels(full_name, found["labels"]),
            assignees=[self.user(login) for login in found["assignees"]],
            reviewers=[self.user(login) for login in found["reviewers"]],
            teams=[self._team(slug) for slug in found["teams"]],
            merged_by=self.user(found["merged_by"]) if found["merged_by"] else None,
        )

    def pull(self, found: Json, git: GitFolder, counts: Json | None = None) -> Json:
        return pull.pull(self.at, found, self.parts(found, git), counts)

    async def whole_pull(self, found: Json, git: GitFolder) -> Json:
        """With what only a single one is answered with: numbers, and whether it can be merged."""
        key = f"{found['repository']}#{found['number']}"
        counts: Json = {
            "comments": len(self._records.children("comment", key)),
            "review_comments": len(self._records.children("line_comment", key)),
        }
        base, head = base_of(found, git), head_of(found, git)
        try:
            numbers = await git.counts(base, head)
            counts |= {"commits": numbers.commits, "changed_files": numbers.files}
            counts |= {"additions": numbers.added, "deletions": numbers.removed}
            counts |= await self._mergeable(found, git, base, head)
        except GitError:
            pass  # one of its ends is not here: nothing is known
        return self.pull(found, git, counts)

    async def _mergeable(self, found: Json, git: GitFolder, base: str, head: str) -> Json:
        if found["state"] != "open":
            return {}
        try:
            await git.merged_tree(base, head)
        except GitError:
            return {"mergeable": False, "mergeable_state": "dirty"}
        return {"mergeable": True, "mergeable_state": "draft" if found["draft"] else "clean"}

    def issue(self, found: Json, git: GitFolder) -> Json:
        comments = self._records.children("comment", f"{found['repository']}#{found['number']}")
        return pull.issue(self.at, found, self.parts(found, git), len(comments))

    def comment(self, found: Json) -> Json:
        full_name, _, number = found["parent"].partition("#")
        return conversation.comment(self.at, full_name, int(number), found, self.user(found["user"]))

    def review(self, found: Json) -> Json:
        full_name, _, number = found["parent"].partition("#")
        return conversation.review(self.at, full_name, int(number), found, self.user(found["user"]))

    def line_comment(self, found: Json, git: GitFolder) -> Json:
        full_name, _, number = found["parent"].partition("#")
        shown = conversation.line_comment(self.at, full_name, int(number), found, self.user(found["user"]))
        pulled = next((one for one in self._records.children("pull", full_name) if one["number"] == int(number)), None)
        is_old = pulled is not None and head_of(pulled, git) != found["commit"] and found["outdated"]
        return shown | ({"line": None} if is_old else {})

    def status(self, full_name: str, found: Json) -> Json:
        return {**checks.status(self.at, full_name, found), "creator": self.user(found["user"])}

    def check_run(self, full_name: str, found: Json) -> Json:
        account = self.account("github")
        return checks.check_run(self.at, full_name, found, account)

    def label(self, full_name: str, found: Json) -> Json:
        return repository.label(self.at, full_name, found)

    def _head(self, found: Json, here: Json, git: GitFolder) -> Json:
        fork = found["head_repository"]
        if fork is None:
            return self._end(here, found["head"], head_of(found, git))
        owner = self.user(fork.partition("/")[0])
        there = {**here, "id": 43, "full_name": fork, "owner": owner}
        return pull.branch_end(there, owner, found["head"], found["head_commit"])

    @staticmethod
    def _end(here: Json, ref: str, commit: str) -> Json:
        return pull.branch_end(here, here["owner"], ref, commit)

    def _team(self, slug: str) -> Json:
        url = f"{self.at.api}/teams/{slug}"
        return {
            "id": 77,
            "node_id": f"T_{slug}",
            "url": url,
            "members_url": f"{url}/members{{/member}}",
            "name": slug,
            "description": None,
            "permission": "pull",
            "html_url": f"{self.at.web}/teams/{slug}",
            "repositories_url": f"{url}/repos",
            "slug": slug,
            "type": "organization",
            "parent": None,
        }


def head_of(found: Json, git: GitFolder) -> str:
    """The newest commit: of the branch while it is open, else the one at its end."""
    tip = git.tip(found["head"]) if found["state"] == "open" and found["head_repository"] is None else None
    return tip or found["head_commit"]


def base_of(found: Json, git: GitFolder) -> str:
    """The commit into which it is proposed, the one before the merge for a merged one."""
    tip = git.tip(found["base"]) if found["state"] == "open" else None
    return tip or found["base_commit"]


__all__ = ["BOT", "Views", "base_of", "head_of"]
