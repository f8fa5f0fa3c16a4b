"""Comments, reviews and comments on lines."""

from ompycord.playground.forge.objects.addresses import Addresses
from ompycord.playground.rules.documents import Json


def comment(at: Addresses, full_name: str, number: int, found: Json, user: Json) -> Json:
    """A comment on a pull request or an issue."""
    url = at.repository(full_name)
    return {
        "id": found["id"],
        "node_id": f"IC_{found['id']}",
        "url": f"{url}/issues/comments/{found['id']}",
        "html_url": f"{at.page(full_name, number)}#issuecomment-{found['id']}",
        "issue_url": f"{url}/issues/{number}",
        "user": user,
        "body": found["body"],
        "author_association": found["association"],
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
    }


def review(at: Addresses, full_name: str, number: int, found: Json, user: Json) -> Json:
    """A review."""
    url = f"{at.repository(full_name)}/pulls/{number}"
    page = f"{at.page(full_name, number)}#pullrequestreview-{found['id']}"
    return {
        "id": found["id"],
        "node_id": f"PRR_{found['id']}",
        "user": user,
        "body": found["body"],
        "state": found["state"],
        "commit_id": found["commit"],
        "submitted_at": found["created_at"],
        "html_url": page,
        "pull_request_url": url,
        "author_association": found["association"],
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
    }


def line_comment(at: Addresses, full_name: str, number: int, found: Json, user: Json) -> Json:
    """A comment on a line of the diff; `line` is None where the line is no longer in it."""
    pulled = f"{at.repository(full_name)}/pulls/{number}"
    url = f"{at.repository(full_name)}/pulls/comments/{found['id']}"
    page = f"{at.page(full_name, number)}#discussion_r{found['id']}"
    answer = {"in_reply_to_id": found["reply_to"]} if found["reply_to"] else {}
    return {
        "id": found["id"],
        "node_id": f"PRRC_{found['id']}",
        "url": url,
        "html_url": page,
        "pull_request_url": pulled,
        "pull_request_review_id": found["review"],
        "user": user,
        "body": found["body"],
        "path": found["path"],
        "line": found["line"],
        "original_line": found["original_line"],
        "side": found["side"],
        "diff_hunk": found["hunk"],
        "commit_id": found["commit"],
        "original_commit_id": found["commit"],
        "subject_type": "line",
        "author_association": found["association"],
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pulled}},
        **answer,
    }
