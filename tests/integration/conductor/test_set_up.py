"""Set-up: dependencies are made before the agent starts, confined, once, and found by agent and checks to be read."""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from ompycord.domain import events as ev
from ompycord.domain.repository import ConfinementLevel, Sandbox
from ompycord.domain.run import FailureClass, RunState
from ompycord.errors import WorkspaceError
from ompycord.render.cards.textform import text_form
from ompycord.render.render_context import RenderContext
from ompycord.store import SqliteStore
from tests.support.confinement import require
from tests.support.prepared_run import PreparedRun, commit_files, registry

LEVELS: tuple[ConfinementLevel, ...] = ("full", "files+net", "files", "none")
LOCKED = {"deps.lock": "left-pad 1\n", "app.py": "x = 1\n", "README.md": "shop\n"}
SH = ("sh", "-c")
MAKES = {
    "name": "packages",
    "command": [*SH, "mkdir vendor && cat deps.lock >vendor/made && ls >vendor/seen"],
    "files": ["deps.lock"],
    "keeps": ["vendor"],
}
READS = {"name": "reads", "command": [*SH, "test \"$(cat vendor/made)\" = 'left-pad 1'"], "parser": "exit"}


def shop(*setup: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"setup": setup or (MAKES,), "checks": [READS], **more}


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    require(request.param)
    return request.param


@pytest.fixture(params=["full", "files+net", "files"])
def confined(request: pytest.FixtureRequest) -> ConfinementLevel:
    require(request.param)
    return request.param


@pytest.fixture(params=["full", "files+net"])
def offline(request: pytest.FixtureRequest) -> ConfinementLevel:
    require(request.param)
    return request.param


@pytest.fixture
def full() -> ConfinementLevel:
    require("full")
    return "full"


def tree(run: PreparedRun) -> Path:
    """Where the only set-up that there is lies."""
    (found,) = run.setups.iterdir()
    return found / "tree"


async def test_agent_and_checks_find_what_it_made_and_the_result_has_none_of_it(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    run = PreparedRun(tmp_path, store, level=level, files=LOCKED, repository=shop())
    prepared = await run.prepare()
    assert (prepared.outcome, prepared.facts["setup"]) == ("ok", 1)
    assert (await run.set_up()).outcome == "ok"
    assert (await run.build("cat >/dev/null; cat vendor/made >>README.md; git status --porcelain")).outcome == "ok"
    collected = await run.collect()
    checked = await run.check()
    said = [body.text for body in run.facts if isinstance(body, ev.Message)]
    changed = run.of(ev.FilesChanged)[-1]
    assert [file.path for file in changed.files] == ["README.md"]
    assert collected.outcome == "ok"
    assert checked.facts["passed"] is True
    assert not any("vendor" in text for text in said)


async def test_nothing_of_a_run_can_change_what_is_kept(
    tmp_path: Path, store: SqliteStore, confined: ConfinementLevel
) -> None:
    run = PreparedRun(tmp_path, store, level=confined, files=LOCKED, repository=shop())
    await run.prepare()
    await run.set_up()
    script = "cat >/dev/null; echo evil >vendor/made; rm -f vendor/seen; echo evil >vendor/new; exit 0"
    await run.build(script)
    assert (tree(run) / "vendor/made").read_text() == "left-pad 1\n"
    assert sorted(path.name for path in (tree(run) / "vendor").iterdir()) == ["made", "seen"]


async def test_a_step_sees_only_what_it_reads(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=shop())
    await run.prepare()
    await run.set_up()
    assert (tree(run) / "vendor/seen").read_text().split() == ["deps.lock", "vendor"]


async def test_the_same_lock_file_is_set_up_once(tmp_path: Path, store: SqliteStore) -> None:
    first = PreparedRun(tmp_path, store, files=LOCKED, repository=shop())
    await first.prepare()
    await first.set_up()
    (tree(first) / "vendor/made").write_text("kept\n")
    commit_files(tmp_path / "shop", {"app.py": "x = 2\n"})
    second = PreparedRun(tmp_path, store, repository=shop())
    await second.prepare()
    await second.set_up()
    assert (second.clone / "vendor/made").read_text() == "kept\n"
    assert second.of(ev.SetupFinished)[-1].status == "cached"
    assert second.of(ev.SetupStarted) == []
    commit_files(tmp_path / "shop", {"deps.lock": "left-pad 2\n"})
    third = PreparedRun(tmp_path, store, repository=shop())
    await third.prepare()
    await third.set_up()
    assert (third.clone / "vendor/made").read_text() == "left-pad 2\n"
    assert third.of(ev.SetupFinished)[-1].status == "ready"


async def test_a_branch_cannot_put_other_content_under_the_same_lock_file(tmp_path: Path, store: SqliteStore) -> None:
    """What a step does depends on nothing but what names the result."""
    script = {**MAKES, "command": [*SH, "mkdir vendor; cp deps.lock vendor/made; cat install.sh >>vendor/made; true"]}
    run = PreparedRun(tmp_path, store, files={**LOCKED, "install.sh": "evil"}, repository=shop(script))
    await run.prepare()
    await run.set_up()
    assert (run.clone / "vendor/made").read_text() == "left-pad 1\n"


async def test_s1_what_it_changes_of_tracked_files_is_in_no_result(tmp_path: Path, store: SqliteStore) -> None:
    dirty = {**MAKES, "command": [*SH, "mkdir vendor; cp deps.lock vendor/made; echo dirty >deps.lock"]}
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=shop(dirty))
    await run.prepare()
    await run.set_up()
    assert (run.clone / "deps.lock").read_text() == "left-pad 1\n"
    await run.build("cat >/dev/null; true")
    await run.collect()
    assert run.of(ev.FilesChanged)[-1].files == ()


async def test_s2_the_second_of_three_steps_fails_and_the_agent_does_not_start(
    tmp_path: Path, store: SqliteStore
) -> None:
    setup = (
        MAKES,
        {
            "name": "broken",
            "command": [*SH, "echo resolving; echo no such package >&2; exit 3"],
            "files": ["deps.lock"],
        },
        {"name": "never", "command": [*SH, "touch /tmp/never-here"], "files": ["deps.lock"]},
    )
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=shop(*setup))
    await run.prepare()
    ended = await run.set_up()
    bad = run.of(ev.SetupFinished)[-1]
    assert (ended.outcome, ended.failure) == ("failed", FailureClass.ENV)
    assert (bad.step, bad.status) == ("broken", "failed")
    assert "exit code 3" in (bad.detail or "")
    assert (bad.tail or "").splitlines() == ["resolving", "no such package"]
    assert [body.step for body in run.of(ev.SetupStarted)] == ["packages", "broken"]
    assert not os.path.lexists(run.clone / "vendor")
    card = text_form(run.snapshot(RunState.FAILED), RenderContext(), redact=str)
    assert "🔴 Set-up failed" in card
    assert "The step broken failed: it ended with exit code 3. The agent did not start" in card
    assert "no such package" in card


async def test_a_failed_one_is_made_again_from_the_start(tmp_path: Path, store: SqliteStore) -> None:
    flag = tmp_path / "works"
    step = {**MAKES, "command": [*SH, f"mkdir vendor; cp deps.lock vendor/made; test -e {flag}"]}
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=shop(step))
    await run.prepare()
    assert (await run.set_up()).outcome == "failed"
    flag.touch()
    assert (await run.set_up()).outcome == "ok"
    assert run.of(ev.SetupFinished)[-1].status == "ready"


async def test_s3_a_step_over_its_time_is_ended_with_all_that_it_started(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    seconds = str(10_000 + secrets.randbelow(10**6))  # of this test alone: others run beside it
    step = {**MAKES, "command": [*SH, f"sleep {seconds} & wait"], "timeout_s": 1}
    run = PreparedRun(tmp_path, store, level=level, files=LOCKED, repository=shop(step))
    await run.prepare()
    ended = await run.set_up()
    bad = run.of(ev.SetupFinished)[-1]
    assert (ended.outcome, bad.status) == ("failed", "timeout")
    assert not [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", seconds]]
    assert "did not end in its time" in text_form(run.snapshot(RunState.FAILED), RenderContext(), redact=str)


async def test_a_program_that_is_not_there_is_named(tmp_path: Path, store: SqliteStore) -> None:
    step = {**MAKES, "command": ["./no-such-program"]}
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=shop(step))
    await run.prepare()
    await run.set_up()
    bad = run.of(ev.SetupFinished)[-1]
    assert bad.status == "missing"
    assert "no-such-program" in (bad.detail or "")


FETCH = (
    "import os, sys, urllib.request\n"
    "os.makedirs('vendor', exist_ok=True)\n"
    "open('vendor/made', 'wb').write(urllib.request.urlopen(sys.argv[1], timeout=20).read())\n"
)


def fetching(url: str, *hosts: str) -> dict[str, Any]:
    return {**MAKES, "command": [sys.executable, "-c", FETCH, url], "hosts": list(hosts)}


async def test_the_network_is_the_hosts_that_are_listed(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    async with registry(b"left-pad 1\n") as packages:
        step = fetching("http://packages.example.org/left-pad", "packages.example.org")
        settings = shop(step, setup_hosts=["packages.example.org"])
        run = PreparedRun(tmp_path, store, level=level, files=LOCKED, repository=settings, upstream=packages.proxy)
        await run.prepare()
        ended = await run.set_up()
    assert ended.outcome == "ok", run.of(ev.SetupFinished)
    assert packages.asked == ["packages.example.org:80"]
    assert (run.clone / "vendor/made").read_text() == "left-pad 1\n"


async def test_a_host_that_is_not_listed_is_refused_and_named(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    async with registry() as packages:
        step = fetching("http://elsewhere.example.org/", "packages.example.org")
        settings = shop(step, setup_hosts=["packages.example.org"])
        run = PreparedRun(tmp_path, store, level=level, files=LOCKED, repository=settings, upstream=packages.proxy)
        await run.prepare()
        await run.set_up()
    bad = run.of(ev.SetupFinished)[-1]
    assert (bad.status, bad.host) == ("failed", "elsewhere.example.org")
    assert packages.asked == []
    assert "It wanted elsewhere.example.org" in text_form(run.snapshot(RunState.FAILED), RenderContext(), redact=str)


async def test_without_the_proxy_nothing_is_reached(
    tmp_path: Path, store: SqliteStore, offline: ConfinementLevel
) -> None:
    async with registry() as packages:
        reach = f"import socket; socket.create_connection(('127.0.0.1', {packages.proxy.port}), 5)"
        step = {**MAKES, "command": [sys.executable, "-c", reach]}
        run = PreparedRun(tmp_path, store, level=offline, files=LOCKED, repository=shop(step))
        await run.prepare()
        await run.set_up()
    assert run.of(ev.SetupFinished)[-1].status == "failed"
    assert packages.asked == []


def wanting(url: str, **more: Any) -> dict[str, Any]:
    """A check that needs something of the network."""
    fetch = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read())"
    return {"name": "wants", "command": [sys.executable, "-c", fetch, url], "parser": "exit", **more}


async def checked(run: PreparedRun) -> ev.CheckFinished:
    await run.prepare()
    await run.build("cat >/dev/null; echo more >>README.md")
    await run.collect()
    await run.check()
    return run.of(ev.CheckFinished)[-1]


async def test_a_check_reaches_the_hosts_that_it_lists(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    async with registry() as packages:
        settings = {"checks": [wanting("http://packages.example.org/x", hosts=["packages.example.org"])]}
        run = PreparedRun(tmp_path, store, level=level, files=LOCKED, repository=settings, upstream=packages.proxy)
        finished = await checked(run)
    assert finished.status == "passed", finished
    assert set(packages.asked) == {"packages.example.org:80"}


async def test_a_check_that_wants_another_host_fails_and_the_host_is_named(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    async with registry() as packages:
        settings = {"checks": [wanting("http://elsewhere.example.org/x", hosts=["packages.example.org"])]}
        run = PreparedRun(tmp_path, store, level=level, files=LOCKED, repository=settings, upstream=packages.proxy)
        finished = await checked(run)
    assert finished.status == "failed"
    assert "It wanted elsewhere.example.org, which is not in its hosts" in (finished.detail or "")
    assert packages.asked == []


async def test_a_check_that_says_nothing_reaches_nothing_and_one_that_is_allowed_does(
    tmp_path: Path, store: SqliteStore, offline: ConfinementLevel
) -> None:
    async with registry() as packages:
        reach = f"import socket; socket.create_connection(('127.0.0.1', {packages.proxy.port}), 5)"
        check = {"name": "reach", "command": [sys.executable, "-c", reach], "parser": "exit"}
        cases: tuple[tuple[dict[str, Any], str], ...] = (({}, "failed"), ({"network": True}, "passed"))
        for number, (more, status) in enumerate(cases):
            run = PreparedRun(
                tmp_path / str(number), store, level=offline, files=LOCKED, repository={"checks": [{**check, **more}]}
            )
            assert (await checked(run)).status == status


SECRET = "npm_0a1b2c3d4e5f6a7b8c9d"
DB = "postgres-9f8e7d6c5b4a3928"


async def test_a_secret_reaches_those_to_whom_it_is_granted_and_no_log(tmp_path: Path, store: SqliteStore) -> None:
    tell = "echo token=$NPM_TOKEN; echo db=$DB_KEY"
    step = {
        **MAKES,
        "command": [*SH, f"mkdir vendor; cp deps.lock vendor/made; ({tell}) >{tmp_path}/setup.out; {tell}"],
    }
    check = {"name": "reads", "command": [*SH, f"({tell}) >{tmp_path}/check.out; {tell}; exit 1"], "parser": "exit"}
    settings = {"setup": [step], "checks": [check], "secrets": {"NPM_TOKEN": ["setup"], "DB_KEY": ["checks", "agent"]}}
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=settings, environ={"NPM_TOKEN": SECRET, "DB_KEY": DB})
    await run.prepare()
    await run.set_up()
    await run.build(f"cat >/dev/null; ({tell}) >{tmp_path}/agent.out; echo y >>README.md")
    await run.collect()
    await run.check()
    assert (tmp_path / "setup.out").read_text() == f"token={SECRET}\ndb=\n"
    assert (tmp_path / "check.out").read_text() == f"token=\ndb={DB}\n"
    assert (tmp_path / "agent.out").read_text() == f"token=\ndb={DB}\n"
    told = repr([body for body in run.facts if not isinstance(body, ev.Message)])
    assert SECRET not in told
    assert DB not in told


async def test_a_secret_that_a_failed_step_prints_is_taken_out(tmp_path: Path, store: SqliteStore) -> None:
    step = {**MAKES, "command": [*SH, "echo 401 for $NPM_TOKEN; exit 1"]}
    settings = shop(step, secrets={"NPM_TOKEN": ["setup"]})
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=settings, environ={"NPM_TOKEN": SECRET})
    await run.prepare()
    await run.set_up()
    bad = run.of(ev.SetupFinished)[-1]
    assert "401 for" in bad.tail
    assert SECRET not in repr(run.facts)


async def test_variables_of_a_step_are_those_of_agent_and_checks(tmp_path: Path, store: SqliteStore) -> None:
    step = {
        "name": "modules",
        "command": [*SH, "mkdir -p $MODULES && cp deps.lock $MODULES/made"],
        "files": ["deps.lock"],
        "variables": {"MODULES": "{setup}/modules"},
    }
    check = {"name": "reads", "command": [*SH, 'cat "$MODULES/made"'], "parser": "exit"}
    run = PreparedRun(tmp_path, store, files=LOCKED, repository={"setup": [step], "checks": [check]})
    await run.prepare()
    assert (await run.set_up()).outcome == "ok"
    await run.build("cat >/dev/null; cat $MODULES/made >>README.md")
    await run.collect()
    assert (await run.check()).facts["passed"] is True


async def test_a_virtual_environment_works_where_it_is_found(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    """A program in it knows its own path, and its Python leads out of the tree."""
    step = {
        "name": "venv",
        "command": [sys.executable, "-m", "venv", "--without-pip", ".venv"],
        "files": ["deps.lock"],
        "keeps": [".venv"],
    }
    check = {"name": "own", "command": [".venv/bin/python", "-c", "import sys; assert sys.prefix != sys.base_prefix"]}
    run = PreparedRun(tmp_path, store, level=level, files=LOCKED, repository={"setup": [step], "checks": [check]})
    await run.prepare()
    assert (await run.set_up()).outcome == "ok", run.facts
    await run.build("cat >/dev/null; echo y >>README.md")
    await run.collect()
    checked = await run.check()
    assert checked.facts.get("passed") is True, (checked, run.facts)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({**MAKES, "files": ["gone.lock"]}, "reads gone.lock, which the base does not have"),
        ({**MAKES, "keeps": ["app.py"]}, "keeps app.py, which is part of the repository"),
        ({**MAKES, "command": ["true"]}, "made no folder vendor"),
        ({**MAKES, "command": [*SH, "ln -s /etc vendor"]}, "made no folder vendor"),
    ],
)
async def test_what_cannot_be_kept_is_said(
    tmp_path: Path, store: SqliteStore, step: dict[str, Any], words: str
) -> None:
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=shop(step))
    await run.prepare()
    with pytest.raises(WorkspaceError, match=words):
        await run.set_up()
    assert not os.path.lexists(run.clone / "vendor")


async def test_a_result_that_commits_in_its_place_is_checked_with_the_bases(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=shop())
    await run.prepare()
    await run.set_up()
    who = "git -c user.name=a -c user.email=a@b.example"
    await run.build(
        f"cat >/dev/null; rm vendor; mkdir vendor; echo evil >vendor/made; git add -f vendor; {who} commit -qm x"
    )
    await run.collect()
    assert (await run.check()).message != "reads failed."
    assert run.of(ev.CheckFinished)[-1].status == "passed"


async def test_old_ones_go_and_those_in_use_stay(tmp_path: Path, store: SqliteStore) -> None:
    runs: list[PreparedRun] = []
    for number in range(4):
        content = {"deps.lock": f"left-pad {number}\n"}
        if number:
            commit_files(tmp_path / "shop", content)
        run = PreparedRun(
            tmp_path, store, files={**LOCKED, **content} if not number else None, repository=shop(), most=1
        )
        await run.prepare()
        await run.set_up()
        runs.append(run)
        if number == 1:
            await run.workspaces.discard(run.run)
    assert len(list(runs[0].setups.iterdir())) == 3
    assert (runs[0].clone / "vendor/made").read_text() == "left-pad 0\n"


async def test_a_crash_in_the_middle_leaves_nothing_that_is_taken_for_whole(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=LOCKED, repository=shop())
    await run.prepare()
    async with run.set_ups.open(run.run, "shop", run.repository.setup, ()) as place:
        assert not place.is_kept
        (tree(run) / "vendor").mkdir()
    await run.set_up()
    assert (run.clone / "vendor/made").read_text() == "left-pad 1\n"


async def test_an_agent_without_a_network_finds_it_too(
    tmp_path: Path, store: SqliteStore, full: ConfinementLevel
) -> None:
    sandbox = Sandbox(minimum=full, network=False)
    run = PreparedRun(tmp_path, store, level=full, files=LOCKED, repository=shop(), sandbox=sandbox)
    await run.prepare()
    await run.set_up()
    await run.build("cat >/dev/null; cat vendor/made >>README.md")
    await run.collect()
    assert [file.path for file in run.of(ev.FilesChanged)[-1].files] == ["README.md"]
