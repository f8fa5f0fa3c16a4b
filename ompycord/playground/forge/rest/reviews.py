"""Routes of reviews and of comments on lines, and the part of GraphQL that has no route: threads and drafts."""

import re
from collections.abc import Callable
from typing import Final

from ompycord.playground.forge.discussion import key
from ompycord.playground.forge.refusals import ForgeRefusal, not_found
from ompycord.playground.forge.rest.call import HERE, ForgeAnswer, ForgeCall, Route
from ompycord.playground.rules.documents import Json, as_object

PULL: Final = f"{HERE}/pulls/{{number}}"


async def reviews(call: ForgeCall) -> ForgeAnswer:
    found = call.forge.records.children("review", key(call.pull()))
    return call.paged([call.forge.views.review(one) for one in found])


async def review(call: ForgeCall) -> ForgeAnswer:
    call.require_write("pull_requests=write")
    given, found, discussion = call.given, call.pull(), call.forge.discussion
    event = str(given.get("event", "COMMENT"))
    commit, body = given.get("commit_id"), str(given.get("body") or "")
    made = discussion.add_review(call.login, found, event=event, body=body, commit=commit)
    for comment in given.get("comments", ()):
        await discussion.add_line_comment(call.login, found, comment | {"review": made["id"]})
    return ForgeAnswer(body=call.forge.views.review(made))


async def review_comments(call: ForgeCall) -> ForgeAnswer:
    number = call.number("review")
    found = call.forge.records.children("line_comment", key(call.pull()))
    return call.paged([call.forge.views.line_comment(one, call.git) for one in found if one["review"] == number])


async def line_comments(call: ForgeCall) -> ForgeAnswer:
    since = call.query.get("since", "")
    found = call.forge.records.children("line_comment", key(call.pull()))
    return call.paged([call.forge.views.line_comment(one, call.git) for one in found if one["updated_at"] >= since])


async def line_comment(call: ForgeCall) -> ForgeAnswer:
    call.require_write("pull_requests=write")
    made = await call.forge.discussion.add_line_comment(call.login, call.pull(), call.given)
    return ForgeAnswer(status=201, body=call.forge.views.line_comment(made, call.git))


async def reply(call: ForgeCall) -> ForgeAnswer:
    call.require_write("pull_requests=write")
    given = {"body": call.given.get("body", ""), "in_reply_to": call.number("comment")}
    made = await call.forge.discussion.add_line_comment(call.login, call.pull(), given)
    return ForgeAnswer(status=201, body=call.forge.views.line_comment(made, call.git))


async def one_line_comment(call: ForgeCall) -> ForgeAnswer:
    return ForgeAnswer(body=call.forge.views.line_comment(_comment(call), call.git))


async def edit_line_comment(call: ForgeCall) -> ForgeAnswer:
    call.require_write("pull_requests=write")
    made = call.forge.records.change("line_comment", _comment(call), body=str(call.given["body"]))
    return ForgeAnswer(body=call.forge.views.line_comment(made, call.git))


def _comment(call: ForgeCall) -> Json:
    found = call.forge.records.get("line_comment", call.number("comment"))
    if found is None or found["parent"].partition("#")[0] != call.repository["full_name"]:
        raise not_found()
    return found


# -- GraphQL: whatever is selected, all that there is comes back ------------------------------------------------------


async def graphql(call: ForgeCall) -> ForgeAnswer:
    query, variables = str(call.given.get("query", "")), as_object(call.given.get("variables")) or {}
    for name, act in {
        "markPullRequestReadyForReview": _ready,
        "convertPullRequestToDraft": _draft,
        "resolveReviewThread": _resolve,
        "unresolveReviewThread": _unresolve,
        "reviewThreads": _threads,
    }.items():
        if name in query:
            return ForgeAnswer(body=_or_errors(act, call, query, variables))
    return ForgeAnswer(body={"errors": [{"type": "NOT_FOUND", "message": "The playground's forge has no such query"}]})


def _or_errors(act: Callable[[ForgeCall, str, Json], Json], call: ForgeCall, query: str, variables: Json) -> Json:
    """GraphQL answers 200 with what is wrong."""
    try:
        return act(call, query, variables)
    except ForgeRefusal:
        words = f"Could not resolve to a node with the global id of '{variables.get('id', '')}'"
        return {"data": None, "errors": [{"type": "NOT_FOUND", "message": words}]}


def _ready(call: ForgeCall, query: str, variables: Json) -> Json:
    return _drafted(call, query, variables, "markPullRequestReadyForReview", is_draft=False)


def _draft(call: ForgeCall, query: str, variables: Json) -> Json:
    return _drafted(call, query, variables, "convertPullRequestToDraft", is_draft=True)


def _drafted(call: ForgeCall, query: str, variables: Json, name: str, *, is_draft: bool) -> Json:
    found = _by_node(call, "pull", "PR_", _node(query, variables, "PR_"))
    made = call.forge.ready(call.login, found, is_draft=is_draft)
    shown = {"id": f"PR_{made['id']}", "number": made["number"], "isDraft": made["draft"]}
    return {"data": {name: {"pullRequest": shown}}}


def _resolve(call: ForgeCall, query: str, variables: Json) -> Json:
    return _resolved(call, query, variables, "resolveReviewThread", is_resolved=True)


def _unresolve(call: ForgeCall, query: str, variables: Json) -> Json:
    return _resolved(call, query, variables, "unresolveReviewThread", is_resolved=False)


def _resolved(call: ForgeCall, query: str, variables: Json, name: str, *, is_resolved: bool) -> Json:
    found = _by_node(call, "line_comment", "PRRT_", _node(query, variables, "PRRT_"))
    call.forge.records.change("line_comment", found, resolved=is_resolved)
    return {"data": {name: {"thread": {"id": f"PRRT_{found['id']}", "isResolved": is_resolved}}}}


def _threads(call: ForgeCall, query: str, variables: Json) -> Json:
    owner = variables.get("owner") or _argument(query, "owner")
    name = variables.get("name") or variables.get("repo") or _argument(query, "name")
    number = variables.get("number") or variables.get("pr") or _argument(query, "number")
    found = call.forge.numbered(f"{owner}/{name}", int(number))
    git = call.forge.git(found["repository"])
    threads: dict[int, list[Json]] = {}
    for one in call.forge.records.children("line_comment", key(found)):
        threads.setdefault(one["reply_to"] or one["id"], []).append(one)
    nodes: list[Json] = []
    for root, comments in threads.items():
        first = comments[0]
        shown = [call.forge.views.line_comment(one, git) for one in comments]
        node = {
            "id": f"PRRT_{root}",
            "isResolved": first["resolved"],
            "isOutdated": first["outdated"],
            "path": first["path"],
            "line": shown[0]["line"],
            "originalLine": first["original_line"],
            "diffSide": first["side"],
            "comments": {"nodes": [_node_of(one) for one in shown], "totalCount": len(shown), "pageInfo": _LAST},
        }
        nodes.append(node)
    listed = {"nodes": nodes, "totalCount": len(nodes), "pageInfo": _LAST}
    return {"data": {"repository": {"pullRequest": {"id": f"PR_{found['id']}", "reviewThreads": listed}}}}


_LAST: Final[Json] = {"hasNextPage": False, "endCursor": None}


def _node_of(shown: Json) -> Json:
    user = shown["user"]
    author = {"login": user["login"].removesuffix("[bot]"), "databaseId": user["id"], "__typename": user["type"]}
    return {
        "id": shown["node_id"],
        "databaseId": shown["id"],
        "body": shown["body"],
        "path": shown["path"],
        "line": shown["line"],
        "diffHunk": shown["diff_hunk"],
        "createdAt": shown["created_at"],
        "updatedAt": shown["updated_at"],
        "url": shown["html_url"],
        "author": author,
        "authorAssociation": shown["author_association"],
    }


def _node(query: str, variables: Json, prefix: str) -> str:
    given = str(variables) + query
    found = re.search(rf"{prefix}\d+", given)
    return found[0] if found is not None else ""


def _argument(query: str, name: str) -> str:
    found = re.search(rf'\b{name}\s*:\s*"?([\w.-]+)', query)
    return found[1] if found is not None else "0"


def _by_node(call: ForgeCall, kind: str, prefix: str, node: str) -> Json:
    found = call.forge.records.get(kind, int(node.removeprefix(prefix) or 0))
    if found is None:
        raise not_found()
    return found


ROUTES: Final[list[Route]] = [
    ("GET", f"{PULL}/reviews", reviews),
    ("POST", f"{PULL}/reviews", review),
    ("GET", f"{PULL}/reviews/{{review}}/comments", review_comments),
    ("GET", f"{HERE}/pulls/comments/{{comment}}", one_line_comment),
    ("PATCH", f"{HERE}/pulls/comments/{{comment}}", edit_line_comment),
    ("GET", f"{PULL}/comments", line_comments),
    ("POST", f"{PULL}/comments", line_comment),
    ("POST", f"{PULL}/comments/{{comment}}/replies", reply),
    ("POST", "/graphql", graphql),
]
