"""What Gitea's description says of each request that is taken: its query and the fields of its body with their types.

Gitea itself leaves out what it does not know, without a word; here that is refused, so that nobody counts on it.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from ompycord.playground.forge.refusals import ForgeRefusal
from ompycord.playground.forge.rest.call import HERE
from ompycord.playground.rules.documents import as_object

__all__ = ["DESCRIBED", "require_described"]

_PAGES: Final = ("page", "limit")
_TEXTS: Final = list[str]

DESCRIBED: Final[Mapping[tuple[str, str], tuple[tuple[str, ...], Mapping[str, Any]]]] = {
    ("GET", "/user"): ((), {}),
    ("GET", HERE): ((), {}),
    ("GET", f"{HERE}/pulls"): (("base_branch", "state", "sort", "milestone", "labels", "poster", *_PAGES), {}),
    ("POST", f"{HERE}/pulls"): (
        (),
        {"title": str, "body": str, "head": str, "base": str, "assignees": _TEXTS, "labels": list[int]},
    ),
    ("GET", f"{HERE}/pulls/{{number}}"): ((), {}),
    ("PATCH", f"{HERE}/pulls/{{number}}"): (
        (),
        {"title": str, "body": str, "base": str, "state": str, "assignees": _TEXTS, "labels": list[int]},
    ),
    ("POST", f"{HERE}/pulls/{{number}}/requested_reviewers"): ((), {"reviewers": _TEXTS, "team_reviewers": _TEXTS}),
    ("GET", f"{HERE}/pulls/{{number}}/reviews"): (_PAGES, {}),
    ("POST", f"{HERE}/pulls/{{number}}/reviews"): (
        (),
        {"event": str, "body": str, "commit_id": str, "comments": list[dict[str, Any]]},
    ),
    ("GET", f"{HERE}/pulls/{{number}}/reviews/{{review}}/comments"): ((), {}),
    ("GET", f"{HERE}/labels"): (_PAGES, {}),
    ("GET", f"{HERE}/issues/{{number}}"): ((), {}),
    ("GET", f"{HERE}/issues/{{number}}/timeline"): (("since", "before", *_PAGES), {}),
    ("POST", f"{HERE}/issues/{{number}}/labels"): ((), {"labels": list[Any]}),
    ("GET", f"{HERE}/issues/{{number}}/comments"): (("since", "before"), {}),
    ("POST", f"{HERE}/issues/{{number}}/comments"): ((), {"body": str}),
    ("GET", f"{HERE}/issues/comments/{{comment}}"): ((), {}),
    ("PATCH", f"{HERE}/issues/comments/{{comment}}"): ((), {"body": str}),
    ("POST", f"{HERE}/statuses/{{commit}}"): (
        (),
        {"state": str, "context": str, "description": str, "target_url": str},
    ),
    ("GET", f"{HERE}/commits/{{ref}}/status"): (_PAGES, {}),
    ("GET", f"{HERE}/branches/{{branch+}}"): ((), {}),
    ("GET", f"{HERE}/collaborators/{{login}}/permission"): ((), {}),
}
"""Method and template to the names of the query and the fields of the body."""


def require_described(method: str, template: str, query: Mapping[str, str], body: Any) -> None:
    """Raises ForgeRefusal for what the description does not have."""
    names, fields = DESCRIBED[method, template]
    strange = [name for name in query if name not in names]
    given = as_object(body) if body is not None else {}
    if given is None:
        raise ForgeRefusal(422, "[]: the body is no object")
    strange += [name for name, value in given.items() if not _fits(value, fields.get(name))]
    if strange:
        raise ForgeRefusal(422, f"[]: Gitea's description has no such {', '.join(strange)} in {method} {template}")


def _fits(value: object, kind: Any) -> bool:
    if kind is str or not isinstance(value, list):
        return kind is str and isinstance(value, str)
    ones = cast("list[object]", value)
    if kind in {list[str], list[int]}:
        return all(isinstance(one, str if kind == list[str] else int) for one in ones)
    return kind is not None
