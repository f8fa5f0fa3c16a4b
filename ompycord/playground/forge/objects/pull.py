"""Pull requests."""

from dataclasses import dataclass, field
from typing import Final

from ompycord.playground.forge.objects.addresses import Addresses
from ompycord.playground.rules.documents import Json

_LINKS: Final = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
_NUMBERS: Final = ("additions", "changed_files", "comments", "commits", "deletions", "review_comments")


@dataclass(frozen=True, kw_only=True)
class PullParts:
    """What a pull request names, as objects."""

    user: Json
    head: Json
    base: Json
    labels: list[Json] = field(default_factory=list[Json])
    assignees: list[Json] = field(default_factory=list[Json])
    reviewers: list[Json] = field(default_factory=list[Json])
    teams: list[Json] = field(default_factory=list[Json])
    merged_by: Json | None = None


def branch_end(repository: Json | None, owner: Json | None, ref: str, commit: str) -> Json:
    """One end of a pull request."""
    label = f"{owner['login']}:{ref}" if owner is not None else ref
    return {"label": label, "ref": ref, "sha": commit, "repo": repository, "user": owner}


def pull(at: Addresses, found: Json, parts: PullParts, counts: Json | None = None) -> Json:
    """A pull request; `counts` has what only a single one is answered with."""
    full_name, number = found["repository"], found["number"]
    url = f"{at.repository(full_name)}/pulls/{number}"
    issue = f"{at.repository(full_name)}/issues/{number}"
    page = at.page(full_name, number)
    return {
        "id": found["id"],
        "node_id": f"PR_{found['id']}",
        "number": number,
        "state": found["state"],
        "locked": False,
        "title": found["title"],
        "body": found["body"],
        "draft": found["draft"],
        "user": parts.user,
        "labels": parts.labels,
        "assignee": parts.assignees[0] if parts.assignees else None,
        "assignees": parts.assignees,
        "requested_reviewers": parts.reviewers,
        "requested_teams": parts.teams,
        "head": parts.head,
        "base": parts.base,
        "author_association": "COLLABORATOR",
        "merged": found["merged_at"] is not None,
        "merged_at": found["merged_at"],
        "merged_by": parts.merged_by,
        "merge_commit_sha": found["merge_commit"],
        "maintainer_can_modify": False,
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "closed_at": found["closed_at"],
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "comments_url": f"{issue}/comments",
        "commits_url": f"{url}/commits",
        "review_comment_url": f"{url}/comments{{/number}}",
        "review_comments_url": f"{url}/comments",
        "statuses_url": f"{at.repository(full_name)}/statuses/{parts.head['sha']}",
        "_links": {link: {"href": url} for link in _LINKS},
        **dict.fromkeys(("milestone", "auto_merge")),
        "mergeable": None,
        "mergeable_state": "unknown",
        **dict.fromkeys(_NUMBERS, 0),
        **(counts or {}),
    }


def issue(at: Addresses, found: Json, parts: PullParts, comments: int) -> Json:
    """A pull request or an issue, as an issue."""
    full_name, number = found["repository"], found["number"]
    url = f"{at.repository(full_name)}/issues/{number}"
    page = at.page(full_name, number)
    pulled: Json = {}
    if found["head"] is not None:
        there = f"{at.repository(full_name)}/pulls/{number}"
        links = {"url": there, "html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
        pulled = {"draft": found["draft"], "pull_request": {**links, "merged_at": found["merged_at"]}}
    else:
        page = f"{at.web}/{full_name}/issues/{number}"
    return {
        "id": found["id"],
        "node_id": f"I_{found['id']}",
        "number": number,
        "title": found["title"],
        "body": found["body"],
        "state": found["state"],
        "state_reason": None,
        "locked": False,
        "user": parts.user,
        "labels": parts.labels,
        "assignee": parts.assignees[0] if parts.assignees else None,
        "assignees": parts.assignees,
        "milestone": None,
        "comments": comments,
        "author_association": "COLLABORATOR",
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "closed_at": found["closed_at"],
        "url": url,
        "html_url": page,
        "repository_url": at.repository(full_name),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        **pulled,
    }
