"""Every route of the playground's forge answers as GitHub describes its answers; the numbers are printed.

The description is GitHub's own, from npm's `@octokit/openapi`; none of it is kept here.
"""

import re
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.integration.forge.test_described import description, faults, nullable, operation
from tests.support.forge_double import TOKEN, ForgeDouble, forge_double
from tests.support.verified_run import make_repository

pytestmark = [
    pytest.mark.long,
    pytest.mark.posix,
    pytest.mark.timeout(400),
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not here"),
]
HERE = "/repos/acme/shop"


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncGenerator[ForgeDouble]:
    make_repository(tmp_path / "shop", {"total.py": b"x = 1\n"})
    async with forge_double(tmp_path / "forge", tmp_path / "shop") as double:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        tree = double.git_line("rev-parse", "main^{tree}")
        made = double.git_line(*who, "commit-tree", "-p", "main", "-m", "fix", tree)
        double.git_line("update-ref", "refs/heads/fix", made)
        double.git_line("update-ref", "refs/heads/a/b", made)
        yield double


Ask = Callable[..., Awaitable[Any]]


def asking(session: aiohttp.ClientSession, forge: ForgeDouble) -> Ask:
    async def ask(method: str, path: str, body: object = None) -> Any:
        url = f"{forge.forge.at.api}{path}"
        async with session.request(method, url, json=body, allow_redirects=False) as answer:
            is_json = "json" in answer.headers.get("Content-Type", "")
            return await answer.json() if is_json and answer.status not in (204, 304) else None

    return ask


async def talk(ask: Ask) -> None:
    """Pull requests, issues, comments, reviews, labels."""
    await ask("POST", f"{HERE}/pulls", {"title": "Fix", "head": "fix", "base": "main", "body": "b", "draft": True})
    await ask("POST", f"{HERE}/pulls", {"title": "Fix", "head": "fix", "base": "main"})
    await ask("POST", f"{HERE}/pulls", {"title": "Fix", "head": "none", "base": "main"})
    for path in ("", "/1", "/1/files", "/1/commits", "/1/merge", "/1/requested_reviewers", "/9"):
        await ask("GET", f"{HERE}/pulls{path}")
    await ask("PATCH", f"{HERE}/pulls/1", {"title": "Fixed"})
    await ask("POST", f"{HERE}/pulls/1/requested_reviewers", {"reviewers": ["anna"]})
    await ask("POST", f"{HERE}/pulls/1/requested_reviewers", {"reviewers": ["gone"]})
    await ask("DELETE", f"{HERE}/pulls/1/requested_reviewers", {"reviewers": ["anna"]})
    await ask("POST", f"{HERE}/issues", {"title": "An issue", "body": "b", "labels": ["agent"]})
    await ask("GET", f"{HERE}/issues")
    await ask("PATCH", f"{HERE}/issues/2", {"state": "closed"})
    comment = await ask("POST", f"{HERE}/issues/1/comments", {"body": "Hello"})
    await ask("PATCH", f"{HERE}/issues/comments/{comment['id']}", {"body": "Hi"})
    for path in ("/1", "/2", "/1/comments", f"/comments/{comment['id']}", "/1/labels", "/1/events"):
        await ask("GET", f"{HERE}/issues{path}")
    await ask("POST", f"{HERE}/issues/1/labels", {"labels": ["agent"]})
    await ask("POST", f"{HERE}/issues/1/assignees", {"assignees": ["anna"]})
    await ask("GET", f"{HERE}/issues/1/events")
    await ask("DELETE", f"{HERE}/issues/1/labels/agent")
    await ask("DELETE", f"{HERE}/issues/comments/{comment['id']}")
    await ask("POST", f"{HERE}/labels", {"name": "made"})
    await ask("GET", f"{HERE}/labels")
    await ask("GET", f"{HERE}/labels/agent")
    await ask("POST", f"{HERE}/pulls/1/reviews", {"event": "COMMENT", "body": "Well"})
    await ask("POST", f"{HERE}/pulls/1/reviews", {"event": "APPROVE", "body": ""})
    await ask("GET", f"{HERE}/pulls/1/reviews")


async def checks(ask: Ask, forge: ForgeDouble) -> None:
    """Statuses, checks, jobs, branches, rules, merging, refusals."""
    fix = forge.branches()["fix"]
    await ask("POST", f"{HERE}/statuses/{fix}", {"state": "success", "context": "ompycord", "description": "d"})
    check = forge.forge.checks.set_check("acme/shop", fix, {"name": "test", "conclusion": "failure", "log": "no"})
    for path in ("statuses", "status", "check-runs"):
        await ask("GET", f"{HERE}/commits/fix/{path}")
    await ask("GET", f"{HERE}/commits/fix")
    await ask("GET", f"{HERE}/commits/main...fix".replace("commits", "compare"))
    await ask("GET", f"{HERE}/check-runs/{check['id']}")
    await ask("GET", f"{HERE}/check-runs/{check['id']}/annotations")
    await ask("GET", f"{HERE}/actions/jobs/{check['id']}")
    await ask("GET", f"{HERE}/actions/jobs/{check['id']}/logs")
    await ask("GET", f"{HERE}/actions/runs")
    await ask("GET", f"{HERE}/actions/runs/{check['suite']}/jobs")
    await ask("POST", f"{HERE}/check-runs", {"name": "other", "head_sha": fix})
    for path in ("/user", "/users/anna", "/rate_limit", HERE, f"{HERE}/branches", f"{HERE}/branches/main"):
        await ask("GET", path)
    forge.forge.set_up("acme/shop", protected=["main"], is_linear=True, required=["test"])
    await ask("GET", f"{HERE}/rules/branches/main")
    await ask("GET", f"{HERE}/branches/main")
    await ask("GET", f"{HERE}/git/ref/heads/fix")
    await ask("GET", f"{HERE}/collaborators/anna/permission")
    await ask("PUT", f"{HERE}/pulls/1/merge", {})
    forge.forge.set_up("acme/shop", is_linear=False)
    forge.forge.ready("anna", forge.forge.numbered("acme/shop", 1), is_draft=False)
    await ask("PUT", f"{HERE}/pulls/1/merge", {"merge_method": "merge"})
    await ask("GET", f"{HERE}/pulls/1")
    await ask("DELETE", f"{HERE}/git/refs/heads/fix")
    forge.archived = True
    await ask("POST", f"{HERE}/issues/1/comments", {"body": "Hello"})


async def test_every_answer_is_as_github_describes_it(forge: ForgeDouble, tmp_path: Path) -> None:
    given = await description(tmp_path)
    whole = {**given, "components": {"schemas": nullable(given["components"]["schemas"])}}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        ask = asking(session, forge)
        await talk(ask)
        await checks(ask, forge)
    answers, requests, wrong, undescribed = 0, 0, list[object](), list[object]()
    for received in forge.asked:
        received.path = re.sub(r"(git/refs?)/heads/(.+)", r"\1/heads-\2", received.path)
        about = operation(given, received)
        if received.body is not None and "requestBody" in about:
            requests += 1
            schema = about["requestBody"]["content"]["application/json"]["schema"]
            wrong += [(received.method, received.path, "request", one) for one in faults(whole, schema, received.body)]
        answer = about["responses"].get(str(received.status))
        if answer is None:
            undescribed.append((received.method, received.path, received.status))
            continue
        if "$ref" in answer:
            answer = given["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        answers += 1
        if "application/json" in answer.get("content", {}):
            schema = answer["content"]["application/json"]["schema"]
            wrong += [(received.method, received.path, received.status, one)
                      for one in faults(whole, schema, received.answer)]  # fmt: skip
    print(f"forge: {requests} requests and {answers} answers held against GitHub's description, {len(wrong)} faults")  # noqa: T201  # the test's product
    assert wrong == [], "\n".join(str(one)[:600] for one in wrong)
    assert undescribed == []
    assert answers >= 60
