"""What is read of GitHub's answers about the checks of a commit, and which a branch requires; pure.

Counterpart of `github_following.py`, which asks.
"""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from ompycord.domain.pull_requests.seen import SeenCheck
from ompycord.forge.github_discussion import millis

__all__ = ["BranchRule", "CheckRuns", "Combined", "Protected", "WorkflowRuns", "checks_of", "required_of"]


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _App(_Read):
    slug: str | None = None
    id: int = 0


class _Suite(_Read):
    id: int


class _CheckRun(_Read):
    id: int
    name: str
    status: str
    conclusion: str | None = None
    started_at: datetime | None = None
    details_url: str | None = None
    html_url: str | None = None
    app: _App | None = None
    check_suite: _Suite | None = None


class CheckRuns(_Read):
    """A page of them."""

    total_count: int = 0
    check_runs: tuple[_CheckRun, ...] = ()


class _Status(_Read):
    context: str
    state: str
    target_url: str | None = None
    updated_at: datetime | None = None


class Combined(_Read):
    """The statuses of a commit, the newest of each context; a page of them."""

    total_count: int = 0
    statuses: tuple[_Status, ...] = ()


class _WorkflowRun(_Read):
    workflow_id: int
    check_suite_id: int | None = None


class WorkflowRuns(_Read):
    """Which workflow a suite of checks is of."""

    workflow_runs: tuple[_WorkflowRun, ...] = ()


class _RequiredChecks(_Read):
    contexts: tuple[str, ...] = ()


class _Protection(_Read):
    required_status_checks: _RequiredChecks | None = None


class Protected(_Read):
    """A branch, with what everyone who may read it is told of its protection."""

    protection: _Protection | None = None


class _RuleCheck(_Read):
    context: str


class _RuleParameters(_Read):
    required_status_checks: tuple[_RuleCheck, ...] = ()


class BranchRule(_Read):
    """One rule of the rule sets of a branch."""

    type: str
    parameters: _RuleParameters | None = None


def checks_of(runs: CheckRuns, statuses: Combined, workflows: WorkflowRuns) -> tuple[SeenCheck, ...]:
    """Check runs and statuses alike; a run knows its workflow by its suite."""
    known = {one.check_suite_id: str(one.workflow_id) for one in workflows.workflow_runs}
    found = [
        SeenCheck(
            name=one.name,
            app=_app(one),
            workflow=known.get(one.check_suite.id, "") if one.check_suite is not None else "",
            is_done=one.status == "completed",
            verdict=(one.conclusion or "") if one.status == "completed" else "",
            started_at=millis(one.started_at),
            url=one.details_url or one.html_url,
            job=one.id if _app(one) == "github-actions" else None,
        )
        for one in runs.check_runs
    ]
    found += [
        SeenCheck(
            name=one.context,
            is_done=one.state != "pending",
            verdict="" if one.state == "pending" else one.state,
            started_at=millis(one.updated_at),
            url=one.target_url,
        )
        for one in statuses.statuses
    ]
    return tuple(found)


def _app(run: _CheckRun) -> str:
    return (run.app.slug or str(run.app.id)) if run.app is not None else "unknown"


def required_of(branch: Protected | None, rules: Iterable[BranchRule]) -> frozenset[str]:
    """The names that a branch requires, by its protection and by rule sets."""
    checks = branch.protection.required_status_checks if branch is not None and branch.protection else None
    names = set(checks.contexts if checks is not None else ())
    for rule in rules:
        if rule.type == "required_status_checks" and rule.parameters is not None:
            names |= {one.context for one in rule.parameters.required_status_checks}
    return frozenset(names)
