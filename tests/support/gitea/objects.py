"""The forge's records as Gitea's objects.

`tests/integration/forge/test_gitea_described.py` holds them against what Gitea publishes of its interface.
"""

from typing import Any

from ompycord.playground.forge.git_folder import GitFolder
from ompycord.playground.forge.views import Views, base_of, head_of

__all__ = ["GiteaViews"]

Json = dict[str, Any]
_ZERO = "1970-01-01T00:00:00Z"
_STATES = {"APPROVED": "APPROVED", "CHANGES_REQUESTED": "REQUEST_CHANGES", "COMMENTED": "COMMENT"}


class GiteaViews:
    """What Gitea answers with."""

    def __init__(self, views: Views, records: Any, web: str) -> None:
        self._views = views
        self._records = records
        self._web = web
        self._api = f"{web}/api/v1"

    def user(self, login: str) -> Json:
        account = self._views.account(login)
        return {
            "id": account["id"],
            "login": account["login"],
            "login_name": "",
            "full_name": "",
            "email": f"{account['id']}@noreply.forge.example",
            "avatar_url": f"{self._web}/avatars/{account['id']}",
            "html_url": f"{self._web}/{account['login']}",
            "language": "",
            "is_admin": False,
            "last_login": _ZERO,
            "created": account["at"],
            "restricted": False,
            "active": False,
            "prohibit_login": False,
            "visibility": "public",
        }

    def repository(self, found: Json) -> Json:
        owner, _, name = found["full_name"].partition("/")
        return {
            "id": found["id"],
            "owner": self.user(owner),
            "name": name,
            "full_name": found["full_name"],
            "empty": False,
            "private": True,
            "fork": False,
            "html_url": f"{self._web}/{found['full_name']}",
            "clone_url": f"{self._web}/{found['full_name']}.git",
            "default_branch": found["default_branch"],
            "archived": found["archived"],
            "created_at": found["at"],
            "updated_at": found["at"],
            "permissions": {"admin": False, "push": found["may_push"], "pull": True},
        }

    def label(self, found: Json) -> Json:
        url = f"{self._api}/repos/{found['parent']}/labels/{found['id']}"
        return {"id": found["id"], "name": found["name"], "color": "00aabb", "description": "", "url": url}

    def labels(self, full_name: str, names: list[str]) -> list[Json]:
        return [self.label(one) for one in self._records.children("label", full_name) if one["name"] in names]

    def pull(self, found: Json, git: GitFolder) -> Json:
        """`head.ref` is that of the pull request itself once its branch is gone."""
        url = f"{self._web}/{found['repository']}/pulls/{found['number']}"
        here = self._records.named("repository", found["repository"])
        is_there = found["head_repository"] is not None or git.tip(found["head"]) is not None
        merger = self.user(found["merged_by"]) if found["merged_by"] else None
        fork = {"repo_id": 43} if found["head_repository"] is not None else {"repo_id": here["id"]}
        return {
            **self._issue(found),
            "url": url,
            "html_url": url,
            "diff_url": f"{url}.diff",
            "patch_url": f"{url}.patch",
            "draft": found["draft"],
            "mergeable": True,
            "merged": found["merged_at"] is not None,
            "merged_at": found["merged_at"],
            "merged_by": merger,
            "merge_commit_sha": found["merge_commit"],
            "merge_base": base_of(found, git),
            "requested_reviewers": [self.user(login) for login in found["reviewers"]],
            "head": {
                "label": found["head"],
                "ref": found["head"] if is_there else f"refs/pull/{found['number']}/head",
                "sha": head_of(found, git),
                "repo": self.repository(here),
                **fork,
            },
            "base": {
                "label": found["base"],
                "ref": found["base"],
                "sha": base_of(found, git),
                "repo_id": here["id"],
                "repo": self.repository(here),
            },
        }

    def issue(self, found: Json) -> Json:
        kind = "pulls" if found["head"] is not None else "issues"
        meta = {"merged": found["merged_at"] is not None, "merged_at": found["merged_at"], "draft": found["draft"]}
        owner, _, name = found["repository"].partition("/")
        return {
            **self._issue(found),
            "url": f"{self._api}/repos/{found['repository']}/issues/{found['number']}",
            "html_url": f"{self._web}/{found['repository']}/{kind}/{found['number']}",
            "pull_request": meta if kind == "pulls" else None,
            "repository": {"id": 42, "name": name, "owner": owner, "full_name": found["repository"]},
        }

    def _issue(self, found: Json) -> Json:
        assignees = [self.user(login) for login in found["assignees"]]
        return {
            "id": found["id"],
            "number": found["number"],
            "user": self.user(found["user"]),
            "title": found["title"],
            "body": found["body"] or "",
            "labels": self.labels(found["repository"], found["labels"]),
            "milestone": None,
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees or None,
            "state": found["state"],
            "is_locked": False,
            "comments": 0,
            "created_at": found["created_at"],
            "updated_at": found["updated_at"],
            "closed_at": found["closed_at"],
            "due_date": None,
            "pin_order": 0,
        }

    def change(self, found: Json) -> Json:
        """A line of an issue's history."""
        full_name, _, number = found["parent"].partition("#")
        page = f"{self._web}/{full_name}/issues/{number}"
        kinds = {"labeled": "label", "unlabeled": "label", "assigned": "assignees", "unassigned": "assignees"}
        is_label = "labeled" in found["event"]
        return {
            "id": found["id"],
            "type": kinds.get(found["event"], found["event"]),
            "html_url": f"{page}#issuecomment-{found['id']}",
            "issue_url": page,
            "pull_request_url": "",
            "user": self.user(found["user"]),
            "body": "1" if found["event"] == "labeled" else "",
            "created_at": found["created_at"],
            "updated_at": found["updated_at"],
            "label": next(iter(self.labels(full_name, [found["about"]])), None) if is_label else None,
            "assignee": self.user(found["about"]) if kinds.get(found["event"]) == "assignees" else None,
            "removed_assignee": found["event"] == "unassigned",
        }

    def comment(self, found: Json, *, is_pull: bool) -> Json:
        full_name, _, number = found["parent"].partition("#")
        page = f"{self._web}/{full_name}/{'pulls' if is_pull else 'issues'}/{number}"
        return {
            "id": found["id"],
            "html_url": f"{page}#issuecomment-{found['id']}",
            "pull_request_url": page if is_pull else "",
            "issue_url": "" if is_pull else page,
            "user": self.user(found["user"]),
            "original_author": "",
            "original_author_id": 0,
            "body": found["body"],
            "assets": [],
            "created_at": found["created_at"],
            "updated_at": found["updated_at"],
        }

    def review(self, found: Json, comments: int) -> Json:
        full_name, _, number = found["parent"].partition("#")
        page = f"{self._web}/{full_name}/pulls/{number}"
        return {
            "id": found["id"],
            "user": self.user(found["user"]),
            "team": None,
            "state": _STATES.get(found["state"], found["state"]),
            "body": found["body"],
            "commit_id": found["commit"],
            "stale": False,
            "official": self._views.account(found["user"])["permission"] in {"write", "admin"},
            "dismissed": bool(found.get("dismissed")),
            "comments_count": comments,
            "submitted_at": found["created_at"],
            "updated_at": found["updated_at"],
            "html_url": f"{page}#issuecomment-{found['id']}",
            "pull_request_url": page,
        }

    def line_comment(self, found: Json) -> Json:
        full_name, _, number = found["parent"].partition("#")
        page = f"{self._web}/{full_name}/pulls/{number}"
        is_new = found["side"] == "RIGHT"
        return {
            "id": found["id"],
            "body": found["body"],
            "user": self.user(found["user"]),
            "resolver": self.user("anna") if found["resolved"] else None,
            "pull_request_review_id": found["review"],
            "created_at": found["created_at"],
            "updated_at": found["updated_at"],
            "path": found["path"],
            "commit_id": found["commit"],
            "original_commit_id": "",
            "diff_hunk": found["hunk"],
            "position": found["line"] if is_new else 0,
            "original_position": 0 if is_new else found["line"],
            "html_url": f"{page}#issuecomment-{found['id']}",
            "pull_request_url": page,
        }

    def status(self, full_name: str, found: Json) -> Json:
        return {
            "id": found["id"],
            "status": found["state"],
            "target_url": found["target_url"] or "",
            "description": found["description"] or "",
            "url": f"{self._api}/repos/{full_name}/statuses/{found['commit']}",
            "context": found["context"],
            "creator": self.user(found["user"]),
            "created_at": found["created_at"],
            "updated_at": found["updated_at"],
        }
