"""Routes of commit statuses, check runs, jobs and their logs."""

from typing import Final

from ompycord.playground.forge.objects import checks
from ompycord.playground.forge.refusals import ForgeRefusal, not_found
from ompycord.playground.forge.rest.call import HERE, ForgeAnswer, ForgeCall, Route
from ompycord.playground.rules.documents import Json

CHECKS: Final = "forge.logs"


async def set_status(call: ForgeCall) -> ForgeAnswer:
    call.require_write("statuses=write")
    commit = await _commit(call, call.params["commit"])
    made = call.forge.checks.set_status(call.login, call.repository["full_name"], commit, call.given)
    return ForgeAnswer(status=201, body=call.forge.views.status(call.repository["full_name"], made))


async def statuses(call: ForgeCall) -> ForgeAnswer:
    name, commit = call.repository["full_name"], await _commit(call, call.params["ref"])
    return call.paged([call.forge.views.status(name, one) for one in call.forge.checks.statuses(name, commit)])


async def combined(call: ForgeCall) -> ForgeAnswer:
    name, commit = call.repository["full_name"], await _commit(call, call.params["ref"])
    newest = call.forge.checks.newest_statuses(name, commit)
    shown = call.forge.views.repository(call.repository)
    return ForgeAnswer(body=checks.combined(call.forge.at, shown, commit, newest))


async def check_runs(call: ForgeCall) -> ForgeAnswer:
    """`filter=latest`, which is the default: of each name the newest of its app and suite."""
    name, commit = call.repository["full_name"], await _commit(call, call.params["ref"])
    found = call.forge.checks.check_runs(name, commit)
    if call.query.get("filter", "latest") == "latest":
        found = list({(one["app"], one["suite"], one["name"]): one for one in found}.values())
    wanted = call.query.get("check_name")
    found = [one for one in found if wanted in (None, one["name"])]
    page = call.paged([call.forge.views.check_run(name, one) for one in found])
    return ForgeAnswer(body={"total_count": len(found), "check_runs": page.body}, headers=page.headers)


async def make_check(call: ForgeCall) -> ForgeAnswer:
    call.require_write("checks=write")
    commit = await _commit(call, str(call.given["head_sha"]))
    made = call.forge.checks.set_check(call.repository["full_name"], commit, call.given)
    return ForgeAnswer(status=201, body=call.forge.views.check_run(call.repository["full_name"], made))


async def change_check(call: ForgeCall) -> ForgeAnswer:
    call.require_write("checks=write")
    name = call.repository["full_name"]
    made = call.forge.checks.change_check(name, _check(call), call.given)
    return ForgeAnswer(body=call.forge.views.check_run(name, made))


async def one_check(call: ForgeCall) -> ForgeAnswer:
    return ForgeAnswer(body=call.forge.views.check_run(call.repository["full_name"], _check(call)))


async def annotations(call: ForgeCall) -> ForgeAnswer:
    _check(call)
    return call.paged([])


async def job(call: ForgeCall) -> ForgeAnswer:
    return ForgeAnswer(body=_job(call, _check(call)))


async def jobs(call: ForgeCall) -> ForgeAnswer:
    found = [one for one in _all_checks(call) if one["suite"] == call.number("suite")]
    page = call.paged([_job(call, one) for one in found])
    return ForgeAnswer(body={"total_count": len(found), "jobs": page.body}, headers=page.headers)


async def runs(call: ForgeCall) -> ForgeAnswer:
    """Runs of workflows, one a suite of checks."""
    commit = call.query.get("head_sha")
    suites = {one["suite"]: one for one in _all_checks(call) if commit in (None, one["commit"])}
    views, repository = call.forge.views, call.forge.views.repository(call.repository)
    shown: list[Json] = []
    for found in suites.values():
        head = await call.git.commit(found["commit"])
        shown.append(checks.workflow_run(views.at, repository, found, head, branch=_branch(call, found)))
    page = call.paged(shown)
    body = {"total_count": len(shown), "workflow_runs": page.body}
    return ForgeAnswer(body=body, headers=page.headers)


async def log(call: ForgeCall) -> ForgeAnswer:
    """The log lies on another host, by an address that needs no credential and gets none."""
    found = _check(call)
    if found["log"] is None:
        raise ForgeRefusal(410, "Server Error. Sorry, you caught us with our pants down. Logs have expired.")
    elsewhere = call.forge.at.web.replace("//127.0.0.1", "//localhost")
    return ForgeAnswer(status=302, headers={"Location": f"{elsewhere}/logs/{found['id']}"})


def _check(call: ForgeCall) -> Json:
    found = call.forge.records.get("check", call.number("check"))
    if found is None or found["parent"].partition("@")[0] != call.repository["full_name"]:
        raise not_found()
    return found


def _all_checks(call: ForgeCall) -> list[Json]:
    name = call.repository["full_name"]
    return [one for one in call.forge.records.every("check") if one["parent"].partition("@")[0] == name]


def _job(call: ForgeCall, found: Json) -> Json:
    return checks.job(call.forge.at, call.repository["full_name"], found, branch=_branch(call, found))


def _branch(call: ForgeCall, found: Json) -> str | None:
    """The branch of a pull request whose newest commit was checked."""
    pulls = call.forge.pulls(call.repository["full_name"])
    return next((one["head"] for one in pulls if call.git.tip(one["head"]) == found["commit"]), None)


async def _commit(call: ForgeCall, ref: str) -> str:
    found = await call.git.commit_of(ref)
    if found is None:
        raise ForgeRefusal(422, f"No commit found for SHA: {ref}")
    return found


ROUTES: Final[list[Route]] = [
    ("POST", f"{HERE}/statuses/{{commit}}", set_status),
    ("GET", f"{HERE}/commits/{{ref}}/statuses", statuses),
    ("GET", f"{HERE}/commits/{{ref}}/status", combined),
    ("GET", f"{HERE}/commits/{{ref}}/check-runs", check_runs),
    ("POST", f"{HERE}/check-runs", make_check),
    ("PATCH", f"{HERE}/check-runs/{{check}}", change_check),
    ("GET", f"{HERE}/check-runs/{{check}}", one_check),
    ("GET", f"{HERE}/check-runs/{{check}}/annotations", annotations),
    ("GET", f"{HERE}/actions/jobs/{{check}}", job),
    ("GET", f"{HERE}/actions/runs", runs),
    ("GET", f"{HERE}/actions/runs/{{suite}}/jobs", jobs),
    ("GET", f"{HERE}/actions/jobs/{{check}}/logs", log),
]
