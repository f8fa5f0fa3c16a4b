"""The program that collects, as `collect.py` starts it: `python -I -S <this file>`, its request on standard input.

It runs through the launcher, as confined as the agent itself. Of the folders above this package nothing can be listed
in there, so the packages are named here instead of being searched for; none of their own code runs.
"""

import sys
from pathlib import Path
from types import ModuleType

_PACKAGES = {"ompycord": 2, "ompycord.workspaces": 1}
"""By name: how many folders above this one it lies."""


def run() -> int:
    """The exit code of the collection."""
    for name, above in _PACKAGES.items():
        package = ModuleType(name)
        package.__path__ = [str(Path(__file__).resolve().parents[above])]
        sys.modules.setdefault(name, package)
    from ompycord.workspaces.collecting.main import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
