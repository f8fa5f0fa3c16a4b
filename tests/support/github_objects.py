"""GitHub's objects as its REST interface answers with them: every field that its description requires.

`tests/integration/forge/test_described.py` holds them against that description.
"""

from typing import Any, Final

__all__ = ["branch_object", "label_object", "own_user_object", "pull_object", "repository_object", "user_object"]

AT: Final = "2026-11-30T01:00:00Z"
_REPOSITORY_LINKS: Final = """archive assignees blobs branches collaborators comments commits compare contents
contributors deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues
keys labels languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags
teams trees clone git ssh svn"""
_USER_LINKS: Final = "avatar events followers following gists organizations received_events repos starred subscriptions"


def user_object(login: str, number: int, web: str) -> dict[str, Any]:
    """An account."""
    url = f"{web}/api/v3/users/{login}"
    return {
        "id": number,
        "node_id": f"U_{number}",
        "login": login,
        "gravatar_id": "",
        "html_url": f"{web}/{login}",
        "url": url,
        "type": "User",
        "site_admin": False,
        **{f"{name}_url": f"{url}/{name}" for name in _USER_LINKS.split()},
    }


def own_user_object(login: str, number: int, web: str) -> dict[str, Any]:
    """The account of the token, as it sees itself."""
    nothing = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
    numbers = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    times = {"created_at": AT, "updated_at": AT, "user_view_type": "public"}
    return {**user_object(login, number, web), **nothing, **numbers, **times}


def repository_object(full_name: str, number: int, web: str, *, archived: bool, push: bool) -> dict[str, Any]:
    """A repository."""
    owner, _, name = full_name.partition("/")
    url = f"{web}/api/v3/repos/{full_name}"
    nothing = dict.fromkeys(("description", "homepage", "language", "license"))
    flags = dict.fromkeys(
        ("private", "fork", "has_issues", "has_projects", "has_wiki", "has_pages", "has_discussions", "has_downloads",
         "disabled"),
        False,
    )  # fmt: skip
    numbers = dict.fromkeys(
        ("forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers",
         "watchers_count", "network_count", "subscribers_count"),
        0,
    )  # fmt: skip
    return {
        "id": number,
        "node_id": f"R_{number}",
        "name": name,
        "full_name": full_name,
        "owner": user_object(owner, 1, web),
        "url": url,
        "html_url": f"{web}/{full_name}",
        "mirror_url": f"{web}/{full_name}",
        "default_branch": "main",
        "archived": archived,
        "permissions": {"admin": False, "maintain": False, "push": push, "triage": True, "pull": True},
        "created_at": AT,
        "updated_at": AT,
        "pushed_at": AT,
        **nothing,
        **flags,
        **numbers,
        **{f"{link}_url": f"{url}/{link}" for link in _REPOSITORY_LINKS.split()},
    }


def label_object(name: str, web: str) -> dict[str, Any]:
    """A label."""
    return {
        "id": 7,
        "node_id": "L_7",
        "url": f"{web}/api/v3/labels/{name}",
        "name": name,
        "description": "",
        "color": "ededed",
        "default": False,
    }


def branch_object(repository: dict[str, Any] | None, ref: str, sha: str) -> dict[str, Any]:
    """One end of a pull request."""
    owner: dict[str, Any] | None = repository["owner"] if repository is not None else None
    label = f"{owner['login']}:{ref}" if owner is not None else ref
    return {"label": label, "ref": ref, "sha": sha, "repo": repository, "user": owner}


def pull_object(
    number: int, asked: dict[str, Any], *, user: dict[str, Any], head: dict[str, Any], base: dict[str, Any], web: str
) -> dict[str, Any]:
    """A pull request as POST asked for it."""
    repository = base["repo"]["full_name"]
    url = f"{web}/api/v3/repos/{repository}/pulls/{number}"
    issue = f"{web}/api/v3/repos/{repository}/issues/{number}"
    page = f"{web}/{repository}/pull/{number}"
    links = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
    nothing = dict.fromkeys(
        ("assignee", "closed_at", "merge_commit_sha", "merged_at", "milestone", "auto_merge", "mergeable", "merged_by")
    )
    numbers = dict.fromkeys(("additions", "changed_files", "comments", "commits", "deletions", "review_comments"), 0)
    return {
        "id": 1000 + number,
        "node_id": f"PR_{number}",
        "number": number,
        "state": "open",
        "locked": False,
        "title": asked["title"],
        "body": asked.get("body"),
        "draft": asked.get("draft", False),
        "user": user,
        "labels": [],
        "head": head,
        "base": base,
        "author_association": "COLLABORATOR",
        "mergeable_state": "unknown",
        "merged": False,
        "maintainer_can_modify": False,
        "created_at": AT,
        "updated_at": AT,
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "comments_url": f"{issue}/comments",
        "commits_url": f"{url}/commits",
        "review_comment_url": f"{url}/comments{{/number}}",
        "review_comments_url": f"{url}/comments",
        "statuses_url": f"{url}/statuses",
        "_links": {link: {"href": url} for link in links},
        **nothing,
        **numbers,
    }
