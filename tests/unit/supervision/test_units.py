"""The files that three managers read, judged by parsers that are not ours and by systemd's own check."""

import os
import plistlib
import shlex
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ompycord.app.supervision.launchd import LABEL, property_list
from ompycord.app.supervision.managers import manager_of, plan_of
from ompycord.app.supervision.plan import NO_RESTART, ServicePlan
from ompycord.app.supervision.systemd import WATCHDOG_S, unit_text
from ompycord.app.supervision.windows_task import NAMESPACE, task_xml
from ompycord.errors import ConfigurationError, UnavailableError
from tests.support.patience import patient

ODD = Path('/srv/a folder/50% "new" $HOME\\x')
PLAN = ServicePlan(python=Path("/usr/bin/python3"), folder=Path("/srv/ompycord"), data=Path("/var/lib/ompycord"))
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there")


def verify(folder: Path, text: str, *words: str) -> tuple[int, str]:
    unit = folder / "ompycord.service"
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", *words, "verify", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(60),
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
    )
    return done.returncode, done.stderr


@needs_systemd
@pytest.mark.parametrize("user", [None, "daemon"])
def test_systemd_finds_nothing_wrong_with_a_unit(tmp_path: Path, user: str | None) -> None:
    python = shutil.which("python3")
    assert python is not None
    odd = tmp_path / '50% "new" $HOME'
    odd.mkdir()
    plan = PLAN.model_copy(update={"python": Path(python), "folder": odd, "data": odd, "user": user, "path": str(odd)})
    assert verify(tmp_path, unit_text(plan), "--user" if user is None else "--system") == (0, "")


@needs_systemd
def test_systemd_would_name_what_is_wrong(tmp_path: Path) -> None:
    code, said = verify(tmp_path, unit_text(PLAN).replace("/usr/bin/python3", "/no/such/python"), "--user")
    assert (code != 0, "/no/such/python" in said) == (True, True)


def test_a_unit_waits_for_signs_of_life_and_stays_down_where_a_restart_heals_nothing() -> None:
    lines = unit_text(PLAN).splitlines()
    service = lines[lines.index("[Service]") : lines.index("[Install]")]
    assert {"Type=notify", f"WatchdogSec={WATCHDOG_S}", "Restart=on-failure", "KillMode=mixed"} <= {*service}
    assert "RestartPreventExitStatus=76 77 78" in service
    assert [line for line in lines[: lines.index("[Service]")] if line.startswith("StartLimit")] == [
        "StartLimitIntervalSec=300",
        "StartLimitBurst=5",
    ]
    assert NO_RESTART == (76, 77, 78)


def test_a_name_with_systemds_own_signs_is_escaped() -> None:
    text = unit_text(PLAN.model_copy(update={"python": ODD / "python", "folder": ODD, "data": ODD}))
    assert 'ExecStart="/srv/a folder/50%% \\"new\\" $$HOME\\\\x/python" -m ompycord up' in text
    assert 'Environment="OMPYCORD_DATA_DIR=/srv/a folder/50%% \\"new\\" $HOME\\\\x"' in text
    assert 'Environment="PATH=' not in text
    assert 'Environment="PATH=/opt/50%%:/bin"' in unit_text(PLAN.model_copy(update={"path": "/opt/50%:/bin"}))
    assert 'WorkingDirectory=/srv/a folder/50%% "new" $HOME\\x' in text


@pytest.mark.parametrize("made", [unit_text, property_list, task_xml])
def test_a_name_that_no_file_can_hold_is_refused(made: object) -> None:
    assert callable(made)
    with pytest.raises(ConfigurationError, match="rename that folder"):
        made(PLAN.model_copy(update={"folder": Path("/srv/a\nExecStart=/bin/evil")}))


def test_launchd_gets_whole_words_and_starts_again_after_a_failure_alone() -> None:
    found = plistlib.loads(property_list(PLAN.model_copy(update={"folder": ODD, "data": ODD, "path": "/opt/bin"})))
    assert (found["Label"], found["WorkingDirectory"]) == (LABEL, str(ODD))
    assert found["ProgramArguments"] == ["/usr/bin/python3", "-m", "ompycord", "service", "run"]
    assert found["KeepAlive"] == {"SuccessfulExit": False}
    assert found["EnvironmentVariables"] == {"OMPYCORD_DATA_DIR": str(ODD), "PATH": "/opt/bin"}


def test_the_windows_task_is_well_formed_and_starts_again_after_a_failure() -> None:
    made = task_xml(PLAN.model_copy(update={"folder": ODD, "data": Path("/srv/<a> & b")}))
    assert made.startswith(b"\xff\xfe")
    root = ET.fromstring(made.decode("utf-16"))
    space = {"t": NAMESPACE}
    assert root.findtext("t:Actions/t:Exec/t:WorkingDirectory", namespaces=space) == str(ODD)
    arguments = root.findtext("t:Actions/t:Exec/t:Arguments", namespaces=space)
    assert arguments == '-m ompycord service run --data-dir "/srv/<a> & b"'
    assert root.findtext("t:Settings/t:RestartOnFailure/t:Count", namespaces=space) == "5"
    assert root.findtext("t:Settings/t:ExecutionTimeLimit", namespaces=space) == "PT0S"
    assert [child.tag.rpartition("}")[2] for child in root] == [
        "RegistrationInfo", "Triggers", "Principals", "Settings", "Actions",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("platform", "user", "file"),
    [
        ("linux", None, "/home/ada/.config/systemd/user/ompycord.service"),
        ("linux", "ompycord", "/etc/systemd/system/ompycord.service"),
        ("darwin", None, "/home/ada/Library/LaunchAgents/org.ompycord.ompycord.plist"),
        ("win32", None, "/data/service-task.xml"),
    ],
)
def test_each_system_has_its_place(platform: str, user: str | None, file: str) -> None:
    manager = manager_of({"HOME": "/home/ada"}, user=user, platform=platform, data=Path("/data"))
    assert manager.file.as_posix() == file
    commands = [" ".join(command) for command in (*manager.starts, *manager.stops)]
    assert all(shlex.split(command)[0] in {"systemctl", "launchctl", "schtasks"} for command in commands)


def test_an_unknown_system_and_root_are_refused_in_words() -> None:
    with pytest.raises(UnavailableError, match="your own one"):
        manager_of({"HOME": "/"}, user=None, platform="sunos5")
    with pytest.raises(ConfigurationError, match="agents as root"):
        plan_of({}, folder=Path(), data=Path(), user="root")


def test_a_service_finds_the_programs_of_the_shell_that_installs_it_and_another_user_has_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    for user, path in ((None, "/home/ada/.local/bin:/bin"), ("ompycord", None)):
        plan = plan_of({"PATH": "/home/ada/.local/bin:/bin"}, folder=Path(), data=Path(), user=user)
        assert plan.path == path


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_a_user_that_the_manager_cannot_start_it_as_is_refused(platform: str) -> None:
    with pytest.raises(UnavailableError, match="for Linux alone"):
        manager_of({"HOME": "/home/ada"}, user="ompycord", platform=platform, data=Path("/data"))
