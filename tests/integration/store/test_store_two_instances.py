"""A second `ompycord up` on the same data folder ends at once with 75 and touches nothing."""

import os
import subprocess
import sys
from pathlib import Path

from ompycord.app.data_folder import DataFolder
from tests.support.patience import patient

ROOT = Path(__file__).parents[3]


def test_a_second_instance_is_refused_and_touches_nothing(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "data")
    with data.lock():
        before = sorted(file.name for file in data.path.rglob("*"))
        second = subprocess.run(
            [sys.executable, "-m", "ompycord", "up", *("--port", "0", "--playground-port", "0"),
             *("--data-dir", str(data.path))],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
            timeout=patient(60),
            check=False,
        )  # fmt: skip
        assert second.returncode == 75
        assert "works with this data folder" in second.stderr + second.stdout
        assert "Traceback" not in second.stderr
        assert sorted(file.name for file in data.path.rglob("*")) == before
