"""Routes of pull requests: what they are, what they change, who is asked to review them, merging."""

from typing import Final

from ompycord.playground.forge.objects import commits
from ompycord.playground.forge.refusals import ForgeRefusal, invalid
from ompycord.playground.forge.rest.call import HERE, ForgeAnswer, ForgeCall, Route
from ompycord.playground.forge.views import base_of, head_of
from ompycord.playground.rules.documents import Json

PULL: Final = f"{HERE}/pulls/{{number}}"


async def listed(call: ForgeCall) -> ForgeAnswer:
    """Filtered as GitHub does: a `head` without an owner filters nothing."""
    state, head, base = call.query.get("state", "open"), call.query.get("head", ""), call.query.get("base", "")
    full_name, git, views = call.repository["full_name"], call.git, call.forge.views
    found = [one for one in call.forge.pulls(full_name) if state in ("all", one["state"])]
    shown = [views.pull(one, git) for one in found]
    shown = [one for one in shown if ":" not in head or one["head"]["label"] == head]
    shown = [one for one in shown if not base or one["base"]["ref"] == base]
    newest = "updated_at" if call.query.get("sort") == "updated" else "number"
    is_up = call.query.get("direction") == "asc"
    return call.paged(sorted(shown, key=lambda one: (one[newest], one["number"]), reverse=not is_up))


async def opened(call: ForgeCall) -> ForgeAnswer:
    call.require_write("pull_requests=write")
    given = call.given
    for field in ("head", "base"):
        if not isinstance(given.get(field), str):
            raise invalid("PullRequest", field=field, code="missing_field")
    if not isinstance(given.get("title"), str) or not given["title"].strip():
        raise invalid("PullRequest", field="title", code="missing_field")
    made = await call.forge.open_pull(call.login, call.repository["full_name"], given)
    return ForgeAnswer(status=201, body=await call.forge.views.whole_pull(made, call.git))


async def one(call: ForgeCall) -> ForgeAnswer:
    found = call.pull()
    if "diff" in call.accept or "patch" in call.accept:
        ends = (base_of(found, call.git), head_of(found, call.git))
        text = await call.git.diff(*ends, is_patch="patch" in call.accept)
        return ForgeAnswer(text=text.decode("utf-8", "replace"))
    return ForgeAnswer(body=await call.forge.views.whole_pull(found, call.git))


async def changed(call: ForgeCall) -> ForgeAnswer:
    call.require_write("pull_requests=write")
    made = call.forge.change_pull(call.login, call.pull(), call.given)
    return ForgeAnswer(body=await call.forge.views.whole_pull(made, call.git))


async def files(call: ForgeCall) -> ForgeAnswer:
    found = call.pull()
    head = head_of(found, call.git)
    listed = await call.git.files(base_of(found, call.git), head)
    return call.paged([commits.file(call.forge.at, call.repository["full_name"], head, one) for one in listed])


async def its_commits(call: ForgeCall) -> ForgeAnswer:
    found = call.pull()
    listed = await call.git.commits(base_of(found, call.git), head_of(found, call.git))
    return call.paged([commits.commit(call.forge.at, call.repository["full_name"], one) for one in listed])


async def is_merged(call: ForgeCall) -> ForgeAnswer:
    if call.pull()["merged_at"] is None:
        raise ForgeRefusal(404, "Not Found")
    return ForgeAnswer(status=204)


async def merge(call: ForgeCall) -> ForgeAnswer:
    call.require_write("contents=write")
    given = call.given if call.body is not None else {}
    method = str(given.get("merge_method", "merge"))
    made = await call.forge.merge(call.login, call.pull(), method=method, expected=given.get("sha"))
    return ForgeAnswer(body={"sha": made, "merged": True, "message": "Pull Request successfully merged"})


async def update_branch(call: ForgeCall) -> ForgeAnswer:
    """The base is merged into the branch, as the button *Update branch* does."""
    call.require_write("contents=write")
    found, git = call.pull(), call.git
    head, base = head_of(found, git), base_of(found, git)
    expected = (call.given if call.body is not None else {}).get("expected_head_sha")
    if expected not in (None, head):
        raise ForgeRefusal(422, "expected head sha didn't match current head ref.")
    tree = await git.merged_tree(head, base)
    author = (call.login, f"{call.login}@users.noreply.forge.example")
    message = f"Merge branch '{found['base']}' into {found['head']}"
    await git.put_commit(found["head"], tree=tree, parents=[head, base], message=message, author=author)
    await call.forge.after_push(found["repository"])
    return ForgeAnswer(status=202, body={"message": "Updating pull request branch.", "url": call.forge.at.web})


async def ask(call: ForgeCall) -> ForgeAnswer:
    """Reviewers: GitHub refuses the whole list for one name that is wrong, and the author of the pull request."""
    call.require_write("pull_requests=write")
    found, forge = call.pull(), call.forge
    reviewers, teams = _names(call.given, "reviewers"), _names(call.given, "team_reviewers")
    if found["user"] in reviewers:
        raise ForgeRefusal(422, "Review cannot be requested from pull request author.")
    known = [forge.records.named("account", login) for login in reviewers]
    is_known = all(one is not None and one["permission"] != "none" for one in known)
    if not is_known or not set(teams) <= set(call.repository.get("teams", ())):
        raise ForgeRefusal(422, "Reviews may only be requested from collaborators.")
    more = {"reviewers": _with(found["reviewers"], reviewers), "teams": _with(found["teams"], teams)}
    made = forge.records.change("pull", found, **more)
    for login in reviewers:
        forge.note(made, "review_requested", call.login, about=login)
    forge.changed(made)
    return ForgeAnswer(status=201, body=forge.views.pull(made, call.git))


async def unask(call: ForgeCall) -> ForgeAnswer:
    found = call.pull()
    reviewers, teams = _names(call.given, "reviewers"), _names(call.given, "team_reviewers")
    fewer = {
        "reviewers": [one for one in found["reviewers"] if one not in reviewers],
        "teams": [one for one in found["teams"] if one not in teams],
    }
    made = call.forge.records.change("pull", found, **fewer)
    return ForgeAnswer(body=call.forge.views.pull(made, call.git))


async def requested_reviewers(call: ForgeCall) -> ForgeAnswer:
    shown = call.forge.views.pull(call.pull(), call.git)
    return ForgeAnswer(body={"users": shown["requested_reviewers"], "teams": shown["requested_teams"]})


def _names(given: Json, field: str) -> list[str]:
    return [str(one) for one in given.get(field) or ()]


def _with(known: list[str], more: list[str]) -> list[str]:
    return [*known, *(one for one in more if one not in known)]


ROUTES: Final[list[Route]] = [
    ("GET", f"{HERE}/pulls", listed),
    ("POST", f"{HERE}/pulls", opened),
    ("GET", PULL, one),
    ("PATCH", PULL, changed),
    ("GET", f"{PULL}/files", files),
    ("GET", f"{PULL}/commits", its_commits),
    ("GET", f"{PULL}/merge", is_merged),
    ("PUT", f"{PULL}/merge", merge),
    ("PUT", f"{PULL}/update-branch", update_branch),
    ("GET", f"{PULL}/requested_reviewers", requested_reviewers),
    ("POST", f"{PULL}/requested_reviewers", ask),
    ("DELETE", f"{PULL}/requested_reviewers", unask),
]
