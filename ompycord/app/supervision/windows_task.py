"""A task of the Windows Task Scheduler as XML; pure (Task Scheduler Schema 1.4, `taskType`).

The scheduler starts again after every result but 0, so it runs `ompycord service run`, as launchd does.
"""

import subprocess
from typing import Final
from xml.etree import ElementTree as ET

from ompycord.app.supervision.plan import ServicePlan, require_plain

__all__ = ["NAMESPACE", "TASK", "task_xml"]

TASK: Final = "Ompycord"
NAMESPACE: Final = "http://schemas.microsoft.com/windows/2004/02/mit/task"


def task_xml(plan: ServicePlan) -> bytes:
    """The file, as `schtasks /Create /XML` takes it. Raises ConfigurationError for a folder that it cannot hold."""
    require_plain(str(plan.python), str(plan.folder), str(plan.data))
    ET.register_namespace("", NAMESPACE)
    task = ET.Element(f"{{{NAMESPACE}}}Task", {"version": "1.4"})
    about = _add(task, "RegistrationInfo")
    _add(about, "Description", "Ompycord: a team's coding agents, run from Discord")
    _add(_add(_add(task, "Triggers"), "LogonTrigger"), "Enabled", "true")
    principal = _add(_add(task, "Principals"), "Principal")
    principal.set("id", "Author")
    _add(principal, "LogonType", "InteractiveToken")
    _add(principal, "RunLevel", "LeastPrivilege")
    settings = _add(task, "Settings")
    for name, value in (
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("StartWhenAvailable", "true"),
        ("ExecutionTimeLimit", "PT0S"),
    ):
        _add(settings, name, value)
    again = _add(settings, "RestartOnFailure")
    _add(again, "Interval", "PT1M")
    _add(again, "Count", "5")
    actions = _add(task, "Actions")
    actions.set("Context", "Author")
    run = _add(actions, "Exec")
    _add(run, "Command", str(plan.python))
    _add(run, "Arguments", subprocess.list2cmdline(["-m", "ompycord", "service", "run", "--data-dir", str(plan.data)]))
    _add(run, "WorkingDirectory", str(plan.folder))
    return ET.tostring(task, encoding="utf-16", xml_declaration=True)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child
