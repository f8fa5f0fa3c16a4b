"""Repositories, their branches and labels."""

from typing import Final

from ompycord.playground.forge.objects import accounts
from ompycord.playground.forge.objects.addresses import Addresses
from ompycord.playground.rules.documents import Json

_LINKS: Final = """archive assignees blobs branches collaborators comments commits compare contents contributors
deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels
languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees
clone git ssh svn"""
_NUMBERS: Final = """forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count
network_count subscribers_count"""
_FLAGS: Final = "fork has_issues has_projects has_wiki has_pages has_discussions has_downloads disabled"


def repository(at: Addresses, found: Json, owner: Json, *, may_push: bool) -> Json:
    """A repository, as someone sees it who may push or not."""
    full_name = found["full_name"]
    url = at.repository(full_name)
    return {
        "id": found["id"],
        "node_id": f"R_{found['id']}",
        "name": full_name.partition("/")[2],
        "full_name": full_name,
        "owner": accounts.user(at, owner),
        "url": url,
        "html_url": f"{at.web}/{full_name}",
        "mirror_url": f"{at.web}/{full_name}",
        "private": True,
        "default_branch": found["default_branch"],
        "archived": found["archived"],
        "permissions": {"admin": False, "maintain": False, "push": may_push, "triage": True, "pull": True},
        "created_at": found["at"],
        "updated_at": found["at"],
        "pushed_at": found["at"],
        **dict.fromkeys(("description", "homepage", "language", "license")),
        **dict.fromkeys(_FLAGS.split(), False),
        **dict.fromkeys(_NUMBERS.split(), 0),
        **{f"{link}_url": f"{url}/{link}" for link in _LINKS.split()},
        "clone_url": f"{at.web}/{full_name}.git",
    }


def label(at: Addresses, full_name: str, found: Json) -> Json:
    """A label."""
    return {
        "id": found["id"],
        "node_id": f"L_{found['id']}",
        "url": f"{at.repository(full_name)}/labels/{found['name']}",
        "name": found["name"],
        "description": "",
        "color": "ededed",
        "default": False,
    }


def ref(at: Addresses, full_name: str, name: str, commit: str) -> Json:
    """A branch as git's own reference."""
    url = at.repository(full_name)
    return {
        "ref": f"refs/heads/{name}",
        "node_id": f"REF_{name}",
        "url": f"{url}/git/refs/heads/{name}",
        "object": {"type": "commit", "sha": commit, "url": f"{url}/git/commits/{commit}"},
    }


def short_branch(at: Addresses, full_name: str, name: str, commit: str, *, is_protected: bool) -> Json:
    """A branch in a list."""
    url = f"{at.repository(full_name)}/commits/{commit}"
    return {"name": name, "commit": {"sha": commit, "url": url}, "protected": is_protected}
