"""GitHub's objects of reviews, comments and checks as its REST interface answers with them.

`tests/integration/forge/test_described.py` holds them against GitHub's description.
"""

from typing import Any, Final

__all__ = [
    "check_object",
    "comment_object",
    "issue_object",
    "line_comment_object",
    "pull_seen_object",
    "ref_object",
    "review_object",
    "status_object",
    "user_object",
]

AT: Final = "2026-11-30T01:00:00Z"


def user_object(login: str, number: int, web: str) -> dict[str, Any]:
    """An account, as far as it is read."""
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {"id": number, "login": login, "type": kind, "html_url": f"{web}/{login}", "site_admin": False}


def pull_seen_object(number: int, branch: str, commit: str, base: str, web: str, *, draft: bool) -> dict[str, Any]:
    """A pull request, as far as it is read after it was opened."""
    return {
        "number": number,
        "html_url": f"{web}/acme/shop/pull/{number}",
        "state": "open",
        "draft": draft,
        "head": {"ref": branch, "sha": commit},
        "base": {"ref": "main", "sha": base},
        "updated_at": AT,
        "merged_at": None,
        "merged_by": None,
        "merged": False,
    }


def issue_object(number: int, login: str, author: int, title: str, text: str, web: str) -> dict[str, Any]:
    """An issue, as far as it is read."""
    return {
        "number": number,
        "html_url": f"{web}/acme/shop/issues/{number}",
        "state": "open",
        "title": title,
        "body": text,
        "user": user_object(login, author, web),
        "created_at": AT,
        "updated_at": AT,
        "author_association": "NONE",
    }


def comment_object(number: int, pull: int, login: str, author: int, text: str, web: str) -> dict[str, Any]:
    """A comment below a pull request or an issue."""
    issue = f"{web}/api/v3/repos/acme/shop/issues/{pull}"
    return {
        "id": number,
        "node_id": f"IC_{number}",
        "url": f"{web}/api/v3/repos/acme/shop/issues/comments/{number}",
        "html_url": f"{web}/acme/shop/pull/{pull}#issuecomment-{number}",
        "issue_url": issue,
        "body": text,
        "user": user_object(login, author, web),
        "created_at": AT,
        "updated_at": AT,
        "author_association": "NONE",
        "performed_via_github_app": None,
    }


def line_comment_object(
    number: int,
    pull: int,
    login: str,
    author: int,
    text: str,
    web: str,
    *,
    path: str,
    line: int | None,
    reply: int | None,
) -> dict[str, Any]:
    """A comment at a line of the diff."""
    url = f"{web}/api/v3/repos/acme/shop/pulls/comments/{number}"
    page, about = f"{web}/acme/shop/pull/{pull}#discussion_r{number}", f"{web}/api/v3/repos/acme/shop/pulls/{pull}"
    return {
        "id": number,
        "node_id": f"PRRC_{number}",
        "url": url,
        "html_url": page,
        "pull_request_url": about,
        "pull_request_review_id": 1,
        "diff_hunk": "@@ -1 +1 @@",
        "path": path,
        "position": line,
        "original_position": 1,
        "line": line,
        "original_line": 1,
        "commit_id": "0" * 40,
        "original_commit_id": "0" * 40,
        "user": user_object(login, author, web),
        "body": text,
        "created_at": AT,
        "updated_at": AT,
        "author_association": "NONE",
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": about}},
        **({"in_reply_to_id": reply} if reply is not None else {}),
    }


def review_object(number: int, pull: int, login: str, author: int, state: str, text: str, web: str) -> dict[str, Any]:
    """A review."""
    page, about = (
        f"{web}/acme/shop/pull/{pull}#pullrequestreview-{number}",
        f"{web}/api/v3/repos/acme/shop/pulls/{pull}",
    )
    return {
        "id": number,
        "node_id": f"PRR_{number}",
        "user": user_object(login, author, web),
        "body": text,
        "state": state,
        "commit_id": "0" * 40,
        "submitted_at": AT,
        "html_url": page,
        "pull_request_url": about,
        "_links": {"html": {"href": page}, "pull_request": {"href": about}},
        "author_association": "COLLABORATOR",
    }


def check_object(
    number: int, commit: str, name: str, web: str, *, conclusion: str | None, suite: int, started: str = AT
) -> dict[str, Any]:
    """A run of a check by GitHub's own CI."""
    owner = user_object("github", 9919, web)
    app: dict[str, Any] = {
        "id": 15368,
        "slug": "github-actions",
        "node_id": "A_1",
        "owner": owner,
        "name": "GitHub Actions",
        "description": "",
        "external_url": "https://help.github.com",
        "html_url": f"{web}/apps/github-actions",
        "created_at": AT,
        "updated_at": AT,
        "permissions": {},
        "events": [],
    }
    page = f"{web}/acme/shop/actions/runs/{suite}/job/{number}"
    url = f"{web}/api/v3/repos/acme/shop/check-runs/{number}"
    output = {
        "title": None,
        "summary": None,
        "text": None,
        "annotations_count": 0,
        "annotations_url": f"{url}/annotations",
    }
    return {
        "id": number,
        "node_id": f"CR_{number}",
        "head_sha": commit,
        "external_id": "x",
        "name": name,
        "url": url,
        "html_url": page,
        "details_url": page,
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "started_at": started,
        "completed_at": AT if conclusion else None,
        "check_suite": {"id": suite},
        "output": output,
        "app": app,
        "pull_requests": [],
    }


def status_object(number: int, context: str, state: str, web: str) -> dict[str, Any]:
    """A status of a commit."""
    return {
        "id": number,
        "node_id": f"SC_{number}",
        "url": f"{web}/api/v3/repos/acme/shop/statuses/{'0' * 40}",
        "avatar_url": None,
        "description": "",
        "state": state,
        "context": context,
        "target_url": f"{web}/ci/{number}",
        "created_at": AT,
        "updated_at": AT,
    }


def ref_object(ref: str, commit: str, web: str) -> dict[str, Any]:
    """A branch as a reference of git."""
    url = f"{web}/api/v3/repos/acme/shop/git"
    return {
        "ref": ref,
        "node_id": "REF_1",
        "url": f"{url}/{ref}",
        "object": {"type": "commit", "sha": commit, "url": f"{url}/commits/{commit}"},
    }
