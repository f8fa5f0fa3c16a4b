"""Where programs cannot be started, that is said in a plain sentence."""

import sys
from pathlib import Path

import pytest

from ompycord.errors import ProcessFailed
from ompycord.processes import ProcessSpec, run


@pytest.mark.skipif(sys.platform != "win32", reason="what Windows answers")
async def test_windows_says_where_agents_run(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="run agents on Linux or macOS"):
        await run(ProcessSpec(argv=("git", "--version"), env={}, cwd=tmp_path))
