"""Refusals on their way to an HTTP client: a type, a code, and no word that only Discord knows."""

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ompycord.domain.records import Scope
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import ArchiveUnreadable, Refused
from ompycord.http.auth_check import AuthCheck
from ompycord.http.keys import Key, KeySet
from ompycord.http.limits import HttpLimits
from ompycord.http.problem_handlers import answer_with_problems
from ompycord.http.problems import Problem, problem, problem_of
from ompycord.testing import FakeClock


def test_a_code_that_is_a_problem_is_its_type() -> None:
    status, _, body = problem(problem_of(Refused(RefusalCode.NEEDS_SCOPE, needs="runs:read")))
    assert status == 403
    assert json.loads(body) == {
        "type": "/problems/scope",
        "title": "The key may not do this",
        "status": 403,
        "detail": "This needs the scope runs:read.",
    }


def test_any_other_code_is_named() -> None:
    status, _, body = problem(problem_of(Refused(RefusalCode.LIMIT_USED_UP, run="ab12cd")))
    assert status == 403
    assert json.loads(body) == {
        "type": "/problems/refused",
        "title": "It was refused",
        "status": 403,
        "detail": "The cost limit of run ab12cd is used up: it continues once the limit is raised.",
        "code": "limit-used-up",
    }


def test_a_run_whose_archive_cannot_be_read_is_no_write_that_failed() -> None:
    app = FastAPI()
    answer_with_problems(app)

    @app.get("/old")
    async def old() -> None:
        raise ArchiveUnreadable("2027-03", "is missing")

    answer = TestClient(app).get("/old")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/archive-unreadable")
    assert "retry-after" not in answer.headers


def test_a_route_that_is_refused_answers_so() -> None:
    app = FastAPI()
    answer_with_problems(app)

    @app.get("/refused")
    async def refused() -> None:
        raise Refused(RefusalCode.MESSAGE_TO_ENDED_RUN, run="ab12cd")

    answer = TestClient(app).get("/refused")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "message-to-ended-run"
    assert "Run again" not in answer.text


def test_a_key_without_the_scope_is_told_which() -> None:
    key = Key("k", frozenset({Scope.EVENTS_WRITE}))
    clock = FakeClock()
    check = AuthCheck(keyring=KeySet(clock=clock), clock=clock, limits=HttpLimits())
    check.require(key, Scope.EVENTS_WRITE)
    with pytest.raises(Problem) as refused:
        check.require(key, Scope.RUNS_READ)
    assert (refused.value.slug, refused.value.detail) == ("scope", "This needs the scope runs:read.")
