"""Routes of issues, which pull requests are, too: comments, labels, assignees, what happened."""

from typing import Final

from ompycord.playground.forge import marking
from ompycord.playground.forge.discussion import key
from ompycord.playground.forge.objects import accounts
from ompycord.playground.forge.refusals import not_found
from ompycord.playground.forge.rest.call import HERE, ForgeAnswer, ForgeCall, Route
from ompycord.playground.rules.documents import Json

ISSUE: Final = f"{HERE}/issues/{{number}}"


async def listed(call: ForgeCall) -> ForgeAnswer:
    state, label = call.query.get("state", "open"), call.query.get("labels", "")
    since, assignee = call.query.get("since", ""), call.query.get("assignee", "")
    found = [
        one
        for one in call.forge.records.children("pull", call.repository["full_name"])
        if state in ("all", one["state"])
        and (not label or set(label.split(",")) <= set(one["labels"]))
        and (not assignee or assignee in one["assignees"])
        and one["updated_at"] >= since
    ]
    found.sort(key=lambda one: one["number"], reverse=call.query.get("direction") != "asc")
    return call.paged([call.forge.views.issue(one, call.git) for one in found])


async def opened(call: ForgeCall) -> ForgeAnswer:
    call.require_write("issues=write")
    made = call.forge.open_issue(call.login, call.repository["full_name"], call.given)
    return ForgeAnswer(status=201, body=call.forge.views.issue(made, call.git))


async def one(call: ForgeCall) -> ForgeAnswer:
    return ForgeAnswer(body=call.forge.views.issue(call.issue(), call.git))


async def changed(call: ForgeCall) -> ForgeAnswer:
    call.require_write("issues=write")
    return ForgeAnswer(
        body=call.forge.views.issue(call.forge.change_pull(call.login, call.issue(), call.given), call.git)
    )


async def comments(call: ForgeCall) -> ForgeAnswer:
    since = call.query.get("since", "")
    found = [one for one in call.forge.records.children("comment", key(call.issue())) if one["updated_at"] >= since]
    return call.paged([call.forge.views.comment(one) for one in found])


async def comment(call: ForgeCall) -> ForgeAnswer:
    call.require_write("issues=write")
    made = call.forge.discussion.add_comment(call.login, call.issue(), str(call.given.get("body", "")))
    return ForgeAnswer(status=201, body=call.forge.views.comment(made))


async def one_comment(call: ForgeCall) -> ForgeAnswer:
    return ForgeAnswer(body=call.forge.views.comment(_comment(call)))


async def edit_comment(call: ForgeCall) -> ForgeAnswer:
    call.require_write("issues=write")
    made = call.forge.records.change("comment", _comment(call), body=str(call.given["body"]))
    return ForgeAnswer(body=call.forge.views.comment(made))


async def delete_comment(call: ForgeCall) -> ForgeAnswer:
    call.require_write("issues=write")
    call.forge.records.remove("comment", _comment(call)["id"])
    return ForgeAnswer(status=204)


def _comment(call: ForgeCall) -> Json:
    found = call.forge.records.get("comment", call.number("comment"))
    if found is None or found["parent"].partition("#")[0] != call.repository["full_name"]:
        raise not_found()
    return found


async def its_labels(call: ForgeCall) -> ForgeAnswer:
    return call.paged(call.forge.views.labels(call.repository["full_name"], call.issue()["labels"]))


async def add_labels(call: ForgeCall) -> ForgeAnswer:
    call.require_write("issues=write")
    wanted = [str(one) for one in (call.given["labels"] if isinstance(call.body, dict) else call.body)]
    made = marking.add_labels(call.forge, call.login, call.issue(), wanted)
    return ForgeAnswer(body=call.forge.views.labels(call.repository["full_name"], made["labels"]))


async def remove_label(call: ForgeCall) -> ForgeAnswer:
    made = marking.remove_label(call.forge, call.login, call.issue(), call.params["label"])
    return ForgeAnswer(body=call.forge.views.labels(call.repository["full_name"], made["labels"]))


async def assign(call: ForgeCall) -> ForgeAnswer:
    call.require_write("issues=write")
    wanted = [str(one) for one in call.given.get("assignees", ())]
    made = marking.assign(call.forge, call.login, call.issue(), wanted)
    return ForgeAnswer(status=201, body=call.forge.views.issue(made, call.git))


async def events(call: ForgeCall) -> ForgeAnswer:
    """What happened to it: closed, labeled, assigned …"""
    found = call.issue()
    return call.paged([_event(call, one) for one in call.forge.records.children("event", key(found))])


def _event(call: ForgeCall, found: Json) -> Json:
    url = f"{call.forge.at.repository(call.repository['full_name'])}/issues/events/{found['id']}"
    shown: Json = {
        "id": found["id"],
        "node_id": f"E_{found['id']}",
        "url": url,
        "actor": call.forge.views.user(found["user"]),
        "event": found["event"],
        "commit_id": None,
        "commit_url": None,
        "created_at": found["created_at"],
        "performed_via_github_app": None,
    }
    about = found.get("about")
    if found["event"] in ("labeled", "unlabeled"):
        shown["label"] = {"name": about, "color": "ededed"}
    elif found["event"] == "assigned":
        via = accounts.app(call.forge.at, call.forge.views.account("github"), slug="ompycord-app")
        shown |= {"assignee": call.forge.views.user(str(about)), "assigner": shown["actor"]}
        shown["performed_via_github_app"] = via  # the description knows no assignment without one
    elif found["event"] == "review_requested":
        shown |= {"requested_reviewer": call.forge.views.user(str(about)), "review_requester": shown["actor"]}
    return shown


ROUTES: Final[list[Route]] = [
    ("GET", f"{HERE}/issues", listed),
    ("POST", f"{HERE}/issues", opened),
    ("GET", f"{HERE}/issues/comments/{{comment}}", one_comment),
    ("PATCH", f"{HERE}/issues/comments/{{comment}}", edit_comment),
    ("DELETE", f"{HERE}/issues/comments/{{comment}}", delete_comment),
    ("GET", ISSUE, one),
    ("PATCH", ISSUE, changed),
    ("GET", f"{ISSUE}/comments", comments),
    ("POST", f"{ISSUE}/comments", comment),
    ("GET", f"{ISSUE}/labels", its_labels),
    ("POST", f"{ISSUE}/labels", add_labels),
    ("DELETE", f"{ISSUE}/labels/{{label}}", remove_label),
    ("POST", f"{ISSUE}/assignees", assign),
    ("GET", f"{ISSUE}/events", events),
]
