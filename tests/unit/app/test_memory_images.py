"""A crash leaves no image of memory, however the limits stood before."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.posix

CRASH = """
import os, resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
if sys.argv[1] == "ours":
    from ompycord.app.system import dump_no_memory
    dump_no_memory()
os.abort()
"""


def crashed(folder: Path, who: str) -> bool:
    """Whether the crash left an image, as the kernel tells the parent."""
    process = subprocess.Popen(
        [sys.executable, "-c", CRASH, who], cwd=folder, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )
    _, status = os.waitpid(process.pid, 0)
    process.returncode = status
    assert os.WIFSIGNALED(status)
    return os.WCOREDUMP(status)


def test_a_crash_leaves_no_image_of_memory(tmp_path: Path) -> None:
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 or not crashed(tmp_path, "anybody"):
        pytest.skip("this machine keeps no images of memory")
    assert not crashed(tmp_path, "ours")
