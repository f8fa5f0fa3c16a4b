"""The rest of the matrix: each route with each kind of key, each tool, each operation of the command line, and a
schedule of each role. What answers is what `authorize` says, with its words and its row of the record.
"""

import json
from itertools import product
from typing import Any, Final, NamedTuple, cast, get_args

import pytest

from ompycord.domain.access import Role
from ompycord.domain.auditing.refused import REFUSED
from ompycord.domain.ids import RunId
from ompycord.domain.policy import SEE, SYSTEM, Denied, KeyActor, Resource, authorize, is_allowed
from ompycord.domain.records import Scope
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.roles.grants import Where
from ompycord.errors import Refused
from ompycord.http.problems import problem_of
from ompycord.schedules.keeper import ScheduleKeeper
from tests.integration.matrix.conftest import Answer, World

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("matrix")]
BAD: Final = 400
UNAUTHORIZED: Final = 401
NOT_FOUND: Final = 404
DEFECT: Final = 70
"""The exit code of a command that met a defect of ours."""
NOTE: Final = {"type": "note", "data": {"text": "hello"}}
SESSION: Final = {"hook_event_name": "SessionStart", "session_id": "s", "source": "startup", "cwd": "/srv"}


class Route(NamedTuple):
    """What a key needs for a route, and how the route is tried."""

    scope: Scope | None
    """None: it is open to everybody."""
    path: str
    body: dict[str, Any] | None = None
    names_a_run: bool = False
    is_for_no_key: bool = False
    """Another system signs what it sends in its own way: a key opens nothing."""


ROUTES: Final = {
    "GET /livez": Route(None, "/livez"),
    "GET /readyz": Route(None, "/readyz"),
    "GET /openapi.json": Route(None, "/openapi.json"),
    "GET /problems/{slug}": Route(None, "/problems/scope"),
    "GET /schemas/{name}.json": Route(None, "/schemas/event.json"),
    "GET /status": Route(Scope.STATUS_READ, "/status"),
    "GET /metrics": Route(Scope.METRICS_READ, "/metrics"),
    "POST /api/webhook/event": Route(
        Scope.EVENTS_WRITE, "/api/webhook/event", {"schema": "ompycord/event@1", "run": "{run}", **NOTE}, True
    ),
    "POST /api/webhook/events": Route(
        Scope.EVENTS_WRITE, "/api/webhook/events", {"run": "{run}", "events": [NOTE]}, True
    ),
    "POST /hooks/{source}/{run}": Route(Scope.EVENTS_WRITE, "/hooks/claude/{run}", SESSION, True),
    "POST /hooks/{forge}": Route(None, "/hooks/forge", {"action": "labeled"}, is_for_no_key=True),
    "POST /triggers/{name}": Route(Scope.TRIGGERS_FIRE, "/triggers/alerts", {"alert": "disk"}),
    "GET /api/runs": Route(Scope.RUNS_READ, "/api/runs"),
    "GET /api/runs/{run_id}": Route(Scope.RUNS_READ, "/api/runs/{run}", None, True),
    "GET /api/runs/{run_id}/events": Route(Scope.RUNS_READ, "/api/runs/{run}/events", None, True),
    "GET /api/events": Route(Scope.RUNS_READ, "/api/events"),
}
"""Each route of the sidecar's own description, and its scope (docs/contracts/authentication.md, *Keys*)."""


async def test_every_route_asks_for_its_scope_and_for_its_own_run(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    served = (await world.ask("GET", "/openapi.json")).body
    described = {f"{method.upper()} {path}" for path, methods in served["paths"].items() for method in methods}
    assert {*described, "GET /openapi.json"} == {*ROUTES}, "no route is undecided"
    named, other = (await world.submitted(world.admin.id)).id, (await world.submitted(world.admin.id)).id
    wrong, cells = list[str](), 0
    for scope, bound in product(Scope, (None, named, other)):
        key, token = await world.key(scope, run=bound)
        actor = KeyActor(frozenset({scope}), None if bound is None else RunId(bound))
        for name, route in ROUTES.items():
            if route.scope is None and scope is not Scope.EVENTS_WRITE:
                continue  # it asks for no key, so one of each binding is enough
            cells += 1
            last = await world.last_row()
            answer = await world.ask(*_request(name, route, named), token=token)
            rows = [json.loads(row.detail) for row in await world.rows_since(last) if row.text("actor") == f"key {key}"]
            fault = _judged(route, actor, named, answer, rows)
            wrong += [f"{name} with {scope} for {bound and 'a run'}: {fault}"] if fault else []
    with capsys.disabled():
        print(f"\nmatrix, HTTP: {cells} cells")  # noqa: T201  # what the matrix holds
    assert not wrong, "\n".join(wrong)


def _request(name: str, route: Route, run: str) -> tuple[str, str, Any]:
    body = json.loads(json.dumps(route.body).replace("{run}", run))
    return name.partition(" ")[0], route.path.replace("{run}", run), body


def _judged(route: Route, actor: KeyActor, run: str, answer: Answer, rows: list[dict[str, str]]) -> str:
    """What is wrong with an answer; empty where nothing is."""
    if route.is_for_no_key:
        return f"a key was let in: {answer}" if answer.status not in {UNAUTHORIZED, NOT_FOUND} or rows else ""
    denied = None if route.scope is None else authorize(actor, route.scope)
    if route.scope is not None and not isinstance(denied, Denied) and route.names_a_run:
        denied = authorize(actor, SEE, Resource(run=RunId(run)))
        if route.scope is Scope.EVENTS_WRITE and actor.run is None:
            denied = Denied(RefusalCode.NO_SUCH_RUN)  # it feeds external runs, and this is no such one
    if not isinstance(denied, Denied):
        return f"allowed, but: {answer}, {rows}" if answer.status >= BAD or rows else ""
    if [row["code"] for row in rows] != [denied.code]:
        return f"refused with {denied.code}, but the rows are {rows}: {answer}"
    told = problem_of(Refused(denied.code, needs=" ".join(denied.needs)))
    if answer.body["type"] != f"/problems/{told.slug}":
        return f"told as {answer.body}"
    is_told = denied.code is RefusalCode.NO_SUCH_RUN or answer.body["detail"] == told.detail
    return "" if is_told else f"told in other words: {answer.body}"


async def test_a_tool_is_for_the_key_of_its_run_alone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    mine = (await world.submitted(world.admin.id)).id
    await world.fold()
    _, token = await world.key(Scope.MCP, run=mine)
    listed = (await world.call_mcp("tools/list", {}, token))["result"]["tools"]
    kinds = {
        "of the run": (await world.key(Scope.MCP, run=mine), None),
        "of the run, for events": (await world.key(Scope.EVENTS_WRITE, run=mine), RefusalCode.NEEDS_SCOPE),
        "of no run": (await world.key(*(one for one in Scope if one is not Scope.MCP)), RefusalCode.NEEDS_SCOPE),
    }
    wrong = list[str]()
    for tool, (kind, ((key, token), refused)) in product([one["name"] for one in listed], kinds.items()):
        last = await world.last_row()
        answer = await world.call_mcp("tools/call", {"name": tool, "arguments": ARGUMENTS[tool]}, token)
        rows = [json.loads(row.detail) for row in await world.rows_since(last) if row.text("actor") == f"key {key}"]
        is_refused = answer.get("type") == "/problems/unauthorized"
        right = ([] if refused is None else [refused], refused is not None)
        if ([row["code"] for row in rows], is_refused) != right or "This key speaks" in str(answer):
            wrong.append(f"{tool} by the key {kind}: {answer}, {rows}")
    assert ARGUMENTS.keys() == {one["name"] for one in listed}, "no tool is undecided"
    with capsys.disabled():
        print(f"\nmatrix, MCP: {len(listed) * len(kinds)} cells")  # noqa: T201  # what the matrix holds
    assert not wrong, "\n".join(wrong)


ARGUMENTS: Final[dict[str, dict[str, Any]]] = {
    "get_task": {}, "post_update": {"text": "Half way"},
    "set_plan": {"phases": [{"title": "Look", "status": "active"}]},
    "attach_file": {"path": "total.py"}, "read_thread": {}, "report_result": {"summary": "Done"},
    "ask_human": {"question": "Which?", "wait_s": 0}, "request_approval": {"title": "make test", "wait_s": 0},
    "wait_answer": {"ticket": "none", "wait_s": 0}, "memory_search": {"query": "total"}, "memory_get": {"item": "none"},
    "request_secret": {"name": "NPM_TOKEN", "why": "To publish", "wait_s": 0},
    "propose_lesson": {"title": "Totals are cents", "lesson": "Always."},
}  # fmt: skip
"""What each tool is called with."""


async def test_the_command_line_needs_the_token_of_the_data_folder(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads `control.json` works on this machine with all rights; whoever does not may nothing."""
    wrong = list[str]()
    for name in world.parts.operations:
        assert is_allowed(SYSTEM, name)
        last = await world.last_row()
        refused = await world.operate(name, {}, token="another")
        rows = [json.loads(row.detail) for row in await world.rows_since(last) if row.text("actor") == "command line"]
        if [(row["code"], row["what"]) for row in rows] != [(RefusalCode.NOT_PERMITTED, name)]:
            wrong.append(f"{name} without the token has the rows {rows}")
        if refused.get("error") != "The token of control.json is wrong.":
            wrong.append(f"{name} without the token: {refused}")
        answer = await world.operate(name, {"no such": "argument"})  # what takes arguments says which
        if "token" in str(answer.get("error", "")) or answer.get("code") == DEFECT:
            wrong.append(f"{name} with the token: {answer}")
    with capsys.disabled():
        print(f"\nmatrix, command line: {2 * len(world.parts.operations)} cells")  # noqa: T201  # what the matrix holds
    assert not wrong, "\n".join(wrong)


async def test_a_schedule_starts_with_the_rights_of_its_owner(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    service = next(one for one in world.parts.services if one.name == "schedules")
    keeper = cast("Any", service.run).__self__
    assert isinstance(keeper, ScheduleKeeper)
    wrong = list[str]()
    for number, (role, place) in enumerate(product(Role, get_args(Where))):
        await world.give(role, place)
        schedule = world.schedule(f"nightly-{number}")
        await world.store.schedules.put(schedule)
        last, before = await world.last_row(), await world.newest_run()
        for occurrence in await keeper.take():
            await keeper.work(occurrence)
        rows = [row for row in await world.rows_since(last) if row.text("actor") == world.mo().id]
        noted = [json.loads(row.detail)["code"] for row in rows if row.text("action") == REFUSED]
        done = [row.text("action") for row in rows if row.text("action") != REFUSED]
        denied = authorize(world.mo(), "new", Resource(repository="shop", channel=world.tasks))
        has_run = await world.newest_run() != before
        after = next(one for one in await world.store.schedules.schedules() if one.id == schedule.id)
        if isinstance(denied, Denied):
            is_right = (noted, done, has_run) == ([denied.code], [], False) and "may not start" in (after.paused or "")
        else:
            is_right = (noted, done, has_run, after.paused) == ([], ["submit"], True, None)
        wrong += [] if is_right else [f"{role.word} in the {place}: {noted}, {done}, {has_run}, {after.paused}"]
        await world.store.schedules.remove(schedule.id)
    with capsys.disabled():
        print(f"\nmatrix, schedules: {len(Role) * len(get_args(Where))} cells")  # noqa: T201  # what the matrix holds
    assert not wrong, "\n".join(wrong)
