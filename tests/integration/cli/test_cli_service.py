"""`ompycord service` and `ompycord alerts` as a person types them, with a manager that writes down what it is told."""

from pathlib import Path

import pytest

from ompycord.app.supervision.managers import manager_of
from ompycord.app.supervision.plan import ServicePlan
from ompycord.app.supervision.systemd import unit_text
from tests.integration.cli.harness import ompycord

pytestmark = pytest.mark.posix


def manager(folder: Path, *, code: int = 0) -> dict[str, str]:
    """A systemctl on the PATH that answers `code`; the environment that finds it."""
    program = folder / "bin" / "systemctl"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/told"\necho words\nexit {code}\n')
    program.chmod(0o755)
    return {"HOME": str(folder), "PATH": f"{program.parent}:/usr/bin:/bin", "XDG_CONFIG_HOME": ""}


async def test_a_service_is_installed_asked_for_and_taken_away(tmp_path: Path) -> None:
    environ = manager(tmp_path)
    words = ("--data-dir", str(tmp_path / "data"))
    unit = tmp_path / ".config/systemd/user/ompycord.service"
    absent = await ompycord("service", "status", *words, folder=tmp_path, environ=environ)
    assert "not installed: `ompycord service install`" in absent.out
    plan = ServicePlan(python=Path("/usr/bin/python3"), folder=tmp_path, data=tmp_path / "data")
    answers = await manager_of(environ, user=None, platform="linux").install(plan, environ)  # tests may run as root
    assert [answer.is_done for answer in answers] == [True, True]
    assert unit.read_text() == unit_text(plan)
    assert (tmp_path / "told").read_text() == "--user daemon-reload\n--user enable --now ompycord.service\n"
    asked = await ompycord("service", "status", *words, folder=tmp_path, environ=environ)
    assert (asked.code, asked.out.splitlines()[1]) == (1, "systemd   words")
    gone = await ompycord("service", "uninstall", *words, folder=tmp_path, environ=environ)
    assert (gone.code, gone.out, unit.exists()) == (0, f"Removed: {unit}\n", False)
    assert "disable --now" in (tmp_path / "told").read_text()
    again = await ompycord("service", "uninstall", *words, folder=tmp_path, environ=environ)
    assert again.out == f"There is no {unit}: nothing was changed.\n"


async def test_the_state_is_shown_wherever_in_its_answer_a_manager_says_it(tmp_path: Path) -> None:
    program = tmp_path / "launchctl"
    program.write_text('#!/bin/sh\nprintf "gui/501/org.ompycord.ompycord = {\\n\\tpath = x\\n\\tstate = running\\n"\n')
    program.chmod(0o755)
    environ = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert await manager_of(environ, user=None, platform="darwin").status(environ) == "state = running"
    program.write_text("#!/bin/sh\necho Could not find service\nexit 113\n")
    assert await manager_of(environ, user=None, platform="darwin").status(environ) == "Could not find service"


async def test_a_unit_is_printed_for_the_user_that_is_named_and_root_is_no_one_to_run_as(tmp_path: Path) -> None:
    words = ("--print", "--data-dir", str(tmp_path / "data"))
    printed = await ompycord("service", "install", "--run-as", "daemon", *words, folder=tmp_path)
    assert printed.code == 0
    assert "User=daemon\n" in printed.out
    assert f"WorkingDirectory={tmp_path}\n" in printed.out
    refused = await ompycord("service", "install", "--run-as", "root", *words, folder=tmp_path)
    assert (refused.code, "--run-as ompycord" in refused.err) == (78, True)


async def test_a_manager_that_refuses_is_quoted_with_what_to_do(tmp_path: Path) -> None:
    environ = manager(tmp_path, code=1)
    unit = tmp_path / ".config/systemd/user/ompycord.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    words = ("--data-dir", str(tmp_path / "data"))
    done = await ompycord("service", "uninstall", *words, folder=tmp_path, environ=environ)
    assert (done.code, unit.exists()) == (69, False)
    assert done.err == (
        "ompycord: `systemctl --user disable --now ompycord.service` failed: words. Do that yourself, then look at its "
        "own log.\n"
    )


async def test_what_a_restart_does_not_heal_ends_well_for_a_manager_that_knows_one_good_code(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text("no_such_key: 1\n")
    words = ("service", "run", "--data-dir", str(tmp_path / "data"))
    done = await ompycord(*words, folder=tmp_path, environ={})
    assert (done.code, done.err.splitlines()[-1]) == (
        0,
        "ompycord: It stays ended: starting again would not help.",
    )


async def test_alerts_are_listed_without_a_process_and_tried_only_with_one(tmp_path: Path) -> None:
    words = ("--data-dir", str(tmp_path / "data"))
    none = await ompycord("alerts", "list", *words, folder=tmp_path)
    assert (none.code, none.out) == (0, "There were no alerts.\n")
    done = await ompycord("alerts", "test", *words, folder=tmp_path)
    assert (done.code, "`ompycord up` first" in done.err) == (69, True)
