"""A property list of launchd; pure.

launchd starts again after every exit code but 0, so it runs `ompycord service run`, which ends with 0 where starting
again would not help.
"""

import plistlib
from typing import Final

from ompycord.app.supervision.plan import ServicePlan, require_plain

__all__ = ["LABEL", "property_list"]

LABEL: Final = "org.ompycord.ompycord"


def property_list(plan: ServicePlan) -> bytes:
    """The file. Raises ConfigurationError for a folder whose name it cannot hold."""
    require_plain(str(plan.python), str(plan.folder), str(plan.data), plan.path or "")
    log = str(plan.data / "service.log")
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": [str(plan.python), "-m", "ompycord", "service", "run"],
            "WorkingDirectory": str(plan.folder),
            "EnvironmentVariables": {
                "OMPYCORD_DATA_DIR": str(plan.data),
                **({"PATH": plan.path} if plan.path else {}),
            },
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 10,
            "ExitTimeOut": 40,
            "Umask": 0o077,
            "ProcessType": "Interactive",
            "SoftResourceLimits": {"NumberOfFiles": 8192},
            "StandardOutPath": log,
            "StandardErrorPath": log,
        }
    )
