"""A task request: one repository for now, and a stored form that tasks of every version have in common."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from ompycord.domain import events as ev
from ompycord.domain.task import Task, TaskRequest

STORED: dict[str, Any] = {
    "id": "01JD0000000000000000000001",
    "prompt": "Fix the total.",
    "title": "Fix the total",
    "repository": "shop",
    "agent": "omp",
    "mode": "fast",
    "branch": "release/1.2",
    "budget_usd": 2.5,
    "done_when": "coupons count",
    "files": [{"name": "a.png", "sha256": "0" * 64, "size": 3}],
    "origin": {"guild": "1", "channel": "2", "requester": "3", "requester_name": "Ada"},
}
"""A row of `tasks`, and the task of a `run.submitted`, as they were written before there were task requests."""


def refused(**typed: object) -> list[tuple[object, str]]:
    """What is wrong with a request, by field."""
    with pytest.raises(ValidationError) as error:
        TaskRequest.model_validate({"prompt": "Fix it", "agent": "omp", **typed})
    return [(item["loc"][0], item["msg"]) for item in error.value.errors()]


def test_a_stored_task_loads_and_is_stored_as_it_was() -> None:
    task = Task.model_validate_json(json.dumps(STORED))
    assert (task.repositories, task.repository) == (("shop",), "shop")
    assert json.loads(task.model_dump_json()) == STORED
    submitted = ev.RunSubmitted(task=task)
    assert json.loads(submitted.model_dump_json())["task"] == STORED
    assert ev.RunSubmitted.model_validate_json(submitted.model_dump_json()) == submitted


def test_a_task_is_its_request_with_more() -> None:
    task = Task.model_validate(STORED)
    request = TaskRequest.model_validate({**task.typed(), "files": task.files})
    assert Task(**dict(request), id=task.id, title=task.title, origin=task.origin) == task
    assert task.typed().keys() == STORED.keys() - {"id", "title", "origin", "files"}


def test_a_task_has_exactly_one_repository() -> None:
    one = "A task has exactly one repository for now, not "
    assert refused(repositories=()) == [("repositories", f"{one}none")]
    assert refused(repositories=("shop", "vault")) == [("repositories", f"{one}2")]
    assert refused(repository=["shop", "vault"]) == [("repository", f"{one}2")]
    assert refused() == [("repository", "Field required")]
    assert TaskRequest(prompt="Fix it", repositories=("shop",), agent="omp").repository == "shop"
