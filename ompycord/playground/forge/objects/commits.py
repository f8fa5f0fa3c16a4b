"""Commits and the files that they change."""

from typing import Final
from urllib.parse import quote

from ompycord.playground.forge.objects.addresses import Addresses
from ompycord.playground.rules.documents import Json

_KINDS: Final = {"A": "added", "D": "removed", "R": "renamed", "C": "copied"}


def commit(at: Addresses, full_name: str, found: Json) -> Json:
    """A commit; no account is known for its author."""
    sha = found["sha"]
    url = at.repository(full_name)

    def page(one: str) -> str:
        return f"{at.web}/{full_name}/commit/{one}"

    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": f"{url}/commits/{sha}",
        "html_url": page(sha),
        "comments_url": f"{url}/commits/{sha}/comments",
        "commit": {
            "url": f"{url}/git/commits/{sha}",
            "author": found["author"],
            "committer": found["committer"],
            "message": found["message"],
            "tree": {"sha": found["tree"], "url": f"{url}/git/trees/{found['tree']}"},
            "comment_count": 0,
        },
        "author": None,
        "committer": None,
        "parents": [{"sha": one, "url": f"{url}/commits/{one}", "html_url": page(one)} for one in found["parents"]],
    }


def file(at: Addresses, full_name: str, head: str, found: Json) -> Json:
    """A file of a diff."""
    path = quote(found["path"])
    earlier = {"previous_filename": found["before"]} if found["before"] else {}
    text = {"patch": found["patch"]} if found["patch"] else {}
    return {
        "sha": found["blob"],
        "filename": found["path"],
        "status": _KINDS.get(found["kind"], "modified"),
        "additions": found["added"],
        "deletions": found["removed"],
        "changes": found["added"] + found["removed"],
        "blob_url": at.file(full_name, head, found["path"]),
        "raw_url": f"{at.web}/{full_name}/raw/{head}/{path}",
        "contents_url": f"{at.repository(full_name)}/contents/{path}?ref={head}",
        **earlier,
        **text,
    }
