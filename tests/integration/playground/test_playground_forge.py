"""The playground's forge: what people do at its pages, and what programs find by GitHub's interface after it."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ompycord.playground.client import RefusedError
from tests.support.patience import patient
from tests.support.playground import Playground, hosted_playground

pytestmark = pytest.mark.posix

SAMPLE = "playground/sample"


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True, timeout=patient(30))
    return done.stdout.decode().strip()


class Forge:
    """The forge of a playground as a program and as people use it."""

    def __init__(self, playground: Playground, clone: Path) -> None:
        self.playground = playground
        self.clone = clone
        assert playground.info.forge is not None
        self.info = playground.info.forge
        self.token = self.info["token"]

    async def rest(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any, Any]:
        """Status, body and headers of a request at the repository, as the bot."""
        url = f"{self.info['api']}/repos/{SAMPLE}{path}"
        more = {"Authorization": f"Bearer {self.token}"}
        more |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with aiohttp.ClientSession() as session:  # noqa: SIM117  # two things
            async with session.request(method, url, json=body, headers=more) as answer:
                is_json = "json" in answer.headers.get("Content-Type", "")
                return answer.status, await answer.json() if is_json else await answer.text(), answer.headers

    async def person(self, name: str, act: str, number: int = 1, **body: object) -> Any:
        user = {"ada": self.playground.ada, "olu": self.playground.olu}[name].id
        given = {"user": user, "repository": SAMPLE, "number": number, **body}
        return await self.playground.post(f"/app/forge/{act}", given)

    async def page(self, number: int = 1) -> Any:
        return await self.playground.get(f"/app/forge/pull?repository={SAMPLE}&number={number}")

    async def push(self, branch: str, text: str) -> str:
        """A commit on a branch, pushed with the token."""
        git(self.clone, "checkout", "-q", "-B", branch)
        (self.clone / "a.txt").write_text(text)
        git(self.clone, "add", "--all")
        git(
            self.clone,
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.example",
            "commit",
            "-q",
            "-m",
            f"write {text.strip()}",
        )
        await asyncio.to_thread(git, self.clone, "push", "-q", self.address, branch)
        return git(self.clone, "rev-parse", "HEAD")

    @property
    def address(self) -> str:
        web = self.info["api"].removesuffix("/api/v3").replace("http://", f"http://x:{self.token}@")
        return f"{web}/{SAMPLE}.git"


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncGenerator[Forge]:
    clone = tmp_path / "clone"
    clone.mkdir()
    git(clone, "init", "-q", "-b", "main")
    async with hosted_playground(tmp_path / "playground") as playground:
        made = Forge(playground, clone)
        await made.push("main", "one\n")
        yield made


async def opened(forge: Forge) -> Any:
    await forge.push("fix", "one\ntwo\n")
    body = {"title": "Two", "head": "fix", "base": "main", "body": "<!-- mark -->\nIt adds."}
    status, pull, _ = await forge.rest("POST", "/pulls", body)
    assert status == 201
    return pull


async def test_a_pull_request_is_a_page_with_its_commits_its_diff_and_its_talk(forge: Forge) -> None:
    pull = await opened(forge)
    assert pull["html_url"].endswith(f"/forge/{SAMPLE}/pull/1")
    shown = await forge.page()
    assert [one["commit"]["message"] for one in shown["commits"]] == ["write one\ntwo"]
    [file] = shown["files"]
    assert (file["filename"], file["additions"], file["deletions"]) == ("a.txt", 1, 0)
    assert file["patch"] == "@@ -1 +1,2 @@\n one\n+two"
    assert shown["pull"]["mergeable"] is True
    async with aiohttp.ClientSession() as session, session.get(pull["html_url"]) as page:
        assert (page.status, "text/html" in page.headers["Content-Type"]) == (200, True)
        assert forge.token not in await page.text()


async def test_what_people_write_is_found_by_programs_with_who_they_are(forge: Forge) -> None:
    await opened(forge)
    await forge.person("ada", "comment", body="Looks good")
    await forge.person("olu", "comment", body="@ompycord do it")
    thread = await forge.person("olu", "line-comment", path="a.txt", line=2, side="RIGHT", body="Why?")
    await forge.person("ada", "line-comment", in_reply_to=thread["id"], body="So")
    await forge.person("ada", "review", event="REQUEST_CHANGES", body="Not yet")
    _, comments, _ = await forge.rest("GET", "/issues/1/comments")
    assert [(one["user"]["login"], one["author_association"]) for one in comments] == [
        ("ada", "OWNER"),
        ("olu", "NONE"),
    ]
    _, lines, _ = await forge.rest("GET", "/pulls/1/comments")
    assert [(one["line"], one.get("in_reply_to_id")) for one in lines] == [(2, None), (2, thread["id"])]
    assert lines[0]["diff_hunk"] == "@@ -1 +1,2 @@\n one\n+two"
    _, reviews, _ = await forge.rest("GET", "/pulls/1/reviews")
    assert [(one["user"]["login"], one["state"]) for one in reviews] == [("ada", "CHANGES_REQUESTED")]
    _, permission, _ = await forge.rest("GET", "/collaborators/olu/permission")
    assert permission["permission"] == "read"


async def test_a_stranger_merges_nothing_and_a_line_outside_the_diff_takes_no_comment(forge: Forge) -> None:
    await opened(forge)
    for act in ("merge", "change"):
        with pytest.raises(RefusedError, match="write access"):
            await forge.person("olu", act, state="closed")
    with pytest.raises(RefusedError, match="line"):
        await forge.person("ada", "line-comment", path="a.txt", line=9, side="RIGHT", body="Here?")
    assert (await forge.page())["pull"]["state"] == "open"


async def test_ci_is_green_or_red_and_its_log_lies_elsewhere_without_the_token(forge: Forge) -> None:
    await opened(forge)
    await forge.person("ada", "ci", conclusion="running")
    await forge.person("ada", "ci", conclusion="failure")
    _, runs, _ = await forge.rest("GET", "/commits/fix/check-runs")
    assert [(one["name"], one["status"], one["conclusion"]) for one in runs["check_runs"]] == [
        ("test", "in_progress", None), ("test", "completed", "failure")
    ]  # fmt: skip
    job = runs["check_runs"][-1]["id"]
    status, _, _ = await forge.rest("GET", f"/actions/jobs/{job}/logs")
    assert status == 200, "who follows to another host leaves the token behind"
    [shown] = (await forge.page())["checks"]
    assert shown["conclusion"] == "failure"
    assert "FAILED (failures=1)" in shown["log"]


async def test_merging_moves_the_base_and_a_deleted_branch_closes(forge: Forge) -> None:
    await opened(forge)
    await forge.push("other", "three\n")
    await forge.rest("POST", "/pulls", {"title": "Three", "head": "other", "base": "main"})
    await forge.person("ada", "merge", method="squash")
    status, pull, _ = await forge.rest("GET", "/pulls/1")
    assert (status, pull["state"], pull["merged"], pull["merged_by"]["login"]) == (200, "closed", True, "ada")
    _, branch, _ = await forge.rest("GET", "/branches/main")
    assert branch["commit"]["sha"] == pull["merge_commit_sha"]
    assert len(branch["commit"]["parents"]) == 1
    _, other, _ = await forge.rest("GET", "/pulls/2")
    assert other["mergeable"] is False
    await asyncio.to_thread(git, forge.clone, "push", "-q", forge.address, ":other")
    _, other, _ = await forge.rest("GET", "/pulls/2")
    assert (other["state"], other["merged"]) == ("closed", False)


async def test_what_did_not_change_is_free_and_a_tag_belongs_to_its_token(forge: Forge) -> None:
    await opened(forge)
    _, _, first = await forge.rest("GET", "/pulls/1")
    status, _, second = await forge.rest("GET", "/pulls/1", if_none_match=first["ETag"])
    assert status == 304
    assert second["X-RateLimit-Remaining"] == first["X-RateLimit-Remaining"]
    await forge.person("ada", "comment", body="More")
    status, _, _ = await forge.rest("GET", "/pulls/1", if_none_match=first["ETag"])
    assert status == 200


async def test_switches_and_faults_of_the_page_are_felt_by_programs(forge: Forge) -> None:
    await opened(forge)
    await forge.person("ada", "fault", kind="outage")
    assert [(await forge.rest("GET", "/pulls/1"))[0] for _ in range(7)] == [502] * 6 + [200]
    await forge.person("ada", "switch", switch="archived", on=True)
    status, said, _ = await forge.rest("POST", "/issues/1/comments", {"body": "x"})
    assert (status, "archived" in said["message"]) == (403, True)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        await forge.push("fix", "four\n")
    assert b"403" in refused.value.stderr
    await forge.person("ada", "switch", switch="token_refused", on=True)
    assert (await forge.rest("GET", "/pulls/1"))[0] == 401


async def test_a_planned_protection_refuses_one_push_with_githubs_words(forge: Forge) -> None:
    await opened(forge)
    await forge.person("ada", "fault", kind="protected")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        await forge.push("fix", "five\n")
    assert b"GH006: Protected branch update failed for refs/heads/fix" in refused.value.stderr
    await forge.push("fix", "six\n")


async def test_no_repository_is_reached_outside_of_the_forge(forge: Forge) -> None:
    for name in ("..%2f..", "playground/..%2f..%2fx", "nobody/here"):
        address = forge.address.replace(SAMPLE, name)
        done = await asyncio.to_thread(
            subprocess.run, ("git", "ls-remote", address), capture_output=True, timeout=patient(30)
        )
        assert done.returncode != 0
