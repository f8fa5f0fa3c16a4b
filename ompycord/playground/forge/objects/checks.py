"""Commit statuses, check runs and the jobs behind them."""

from typing import Final

from ompycord.playground.forge.objects import accounts
from ompycord.playground.forge.objects.addresses import Addresses
from ompycord.playground.rules.documents import Json

_WORST: Final = ("failure", "error", "pending")
ACTIONS: Final = "github-actions"


def status(at: Addresses, full_name: str, found: Json) -> Json:
    """A commit status without who set it, as the combined one lists it."""
    return {
        "id": found["id"],
        "node_id": f"SC_{found['id']}",
        "url": f"{at.repository(full_name)}/statuses/{found['commit']}",
        "avatar_url": None,
        "state": found["state"],
        "description": found["description"],
        "target_url": found["target_url"],
        "context": found["context"],
        "created_at": found["created_at"],
        "updated_at": found["created_at"],
    }


def combined(at: Addresses, repository: Json, commit: str, newest: list[Json]) -> Json:
    """The newest status of each context as one."""
    full_name = repository["full_name"]
    states = {one["state"] for one in newest}
    state = next(("pending" if one == "pending" else "failure" for one in _WORST if one in states), None)
    url = f"{at.repository(full_name)}/commits/{commit}"
    return {
        "state": state or ("success" if newest else "pending"),
        "sha": commit,
        "total_count": len(newest),
        "statuses": [status(at, full_name, one) for one in newest],
        "repository": repository,
        "commit_url": url,
        "url": f"{url}/status",
    }


def check_run(at: Addresses, full_name: str, found: Json, account: Json) -> Json:
    """A check run."""
    url = f"{at.repository(full_name)}/check-runs/{found['id']}"
    page = f"{at.web}/{full_name}/actions/runs/{found['suite']}/job/{found['id']}"
    return {
        "id": found["id"],
        "node_id": f"CR_{found['id']}",
        "head_sha": found["commit"],
        "external_id": "",
        "name": found["name"],
        "url": url,
        "html_url": page,
        "details_url": page,
        "status": found["status"],
        "conclusion": found["conclusion"],
        "started_at": found["started_at"],
        "completed_at": found["completed_at"],
        "output": {
            "title": found["title"],
            "summary": found["summary"],
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": found["suite"]},
        "app": accounts.app(at, account, slug=found["app"]),
        "pull_requests": [],
    }


def job(at: Addresses, full_name: str, found: Json, *, branch: str | None) -> Json:
    """The job of a check run; both have one number, as on GitHub."""
    url = at.repository(full_name)
    return {
        "id": found["id"],
        "node_id": f"J_{found['id']}",
        "run_id": found["suite"],
        "run_url": f"{url}/actions/runs/{found['suite']}",
        "run_attempt": 1,
        "head_sha": found["commit"],
        "head_branch": branch,
        "workflow_name": found["workflow"],
        "name": found["name"],
        "url": f"{url}/actions/jobs/{found['id']}",
        "html_url": f"{at.web}/{full_name}/actions/runs/{found['suite']}/job/{found['id']}",
        "check_run_url": f"{url}/check-runs/{found['id']}",
        "status": found["status"],
        "conclusion": found["conclusion"],
        "created_at": found["started_at"],
        "started_at": found["started_at"],
        "completed_at": found["completed_at"],
        "steps": [],
        "labels": [],
        **dict.fromkeys(("runner_id", "runner_name", "runner_group_id", "runner_group_name")),
    }


def workflow_run(at: Addresses, repository: Json, found: Json, head: Json, *, branch: str | None) -> Json:
    """A run of the workflow of a check run; one workflow has one number."""
    full_name, number = repository["full_name"], found["suite"]
    url = f"{at.repository(full_name)}/actions/runs/{number}"
    workflow = 7000 + sum(found["workflow"].encode())
    people = {role: {"name": head[role]["name"], "email": head[role]["email"]} for role in ("author", "committer")}
    commit = {
        "id": head["sha"],
        "tree_id": head["tree"],
        "message": head["message"],
        "timestamp": head["committer"]["date"],
    }
    return {
        "id": number,
        "node_id": f"WR_{number}",
        "name": found["workflow"],
        "head_branch": branch,
        "head_sha": found["commit"],
        "path": f".github/workflows/{found['workflow']}.yml",
        "run_number": number,
        "run_attempt": 1,
        "display_title": head["message"].partition("\n")[0],
        "event": "pull_request",
        "status": found["status"],
        "conclusion": found["conclusion"],
        "workflow_id": workflow,
        "check_suite_id": number,
        "check_suite_node_id": f"CS_{number}",
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "pull_requests": [],
        "repository": repository,
        "head_repository": repository,
        "head_commit": {**commit, **people},
        "url": url,
        "html_url": f"{at.web}/{full_name}/actions/runs/{number}",
        "check_suite_url": f"{at.repository(full_name)}/check-suites/{number}",
        "workflow_url": f"{at.repository(full_name)}/actions/workflows/{workflow}",
        **{f"{name}_url": f"{url}/{name}" for name in ("jobs", "logs", "cancel", "rerun", "artifacts")},
    }
