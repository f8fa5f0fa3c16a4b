"""A module that is forked from the warm Python cannot tell that from `python -m`, and ends as it would."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.patience import within
from tests.support.warm_start import PIPE, WARM, ForkedProcess, start_module

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="every process starts cold there"),
    pytest.mark.xdist_group("warm start"),
]
PROBE = "tests.support.start_probe"


class Ended(NamedTuple):
    told: dict[str, Any]
    error: bytes
    code: int | None


async def ended(process: asyncio.subprocess.Process) -> Ended:
    async with within(30):
        out, error = await process.communicate(b"what it reads")
    return Ended(json.loads(out), error, process.returncode)


@pytest.mark.parametrize("new_session", [False, True])
@pytest.mark.parametrize("ending", ["0", "3", "300", "text", "killed", "interrupted"])
async def test_it_sees_and_ends_what_a_cold_start_sees_and_ends(tmp_path: Path, ending: str, new_session: bool) -> None:
    env = {"PATH": os.environ["PATH"], "ONLY": "this", **WARM}
    warm = await start_module(
        PROBE, ending, "two words", cwd=tmp_path, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE, new_session=new_session
    )
    assert isinstance(warm, ForkedProcess)
    cold = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", PROBE, ending, "two words"),
        cwd=tmp_path, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=new_session,
    )  # fmt: skip
    seen, wanted = await ended(warm), await ended(cold)
    assert seen.told == wanted.told
    assert seen.code == wanted.code
    if ending != "interrupted":  # a traceback tells who called
        assert seen.error == wanted.error


async def test_an_error_is_told_and_its_code_is_1(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], **WARM}
    process = await start_module(PROBE, "error", cwd=tmp_path, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    done = await ended(process)
    assert done.code == 1
    assert done.error.endswith(b"RuntimeError: an error\n")


async def test_a_signal_reaches_it_and_is_its_exit_code(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], **WARM}
    process = await start_module(PROBE, "0", cwd=tmp_path, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    process.terminate()  # it reads its input, which never ends
    assert process.stdin is not None
    async with within(30):
        assert await process.wait() == -signal.SIGTERM
    process.stdin.close()
    process.kill()  # does nothing any more


async def test_what_python_reads_at_its_start_starts_cold(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], **WARM, "PYTHONHASHSEED": "7"}
    process = await start_module(PROBE, "0", cwd=tmp_path, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert not isinstance(process, ForkedProcess)
    assert (await ended(process)).code == 0
