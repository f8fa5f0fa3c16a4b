"""Failing fsync and fdatasync, injected by strace.

No 202 is sent without a sync that came through (docs/contracts/ingestion.md, *Two stages*).

One sender, one request at a time: between the receipt of a request and its 202 the trace must show a sync that returned
0. With synchronous=OFF, which a test sets on purpose, that is not so, and the same judge says so.
"""

import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.soak.ledger import print_line
from tests.support.patience import patient, within
from tests.support.sidecar import Options
from tests.support.sidecar_process import envelope, post, sidecar_process

pytestmark = [pytest.mark.posix, pytest.mark.e2e]

EVERY = 7
PATIENCE_S = 600.0
_CALL = re.compile(r"^(?P<pid>\d+) +(?:<\.\.\. )?(?P<name>\w+)(?: resumed>|\()(?P<rest>.*)$")


def _may_trace() -> bool:
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, timeout=patient(10)).returncode == 0


def traced(log: Path, *, when: str | None) -> tuple[str, ...]:
    """The command that goes before the child; `when` says which syncs fail."""
    if not _may_trace():
        pytest.skip("strace is missing, or nobody may trace here")
    inject = () if when is None else ("-e", f"inject=fsync,fdatasync:error=EIO:when={when}")
    trace = ("-e", "trace=fsync,fdatasync,recvfrom,sendto", "-e", "signal=none")
    return ("strace", "-f", "-qq", "-s", "40", "-o", str(log), *trace, *inject)


class Verdict:
    """What a trace shows."""

    def __init__(self, log: Path) -> None:
        self.acknowledged = 0
        self.unfounded = 0
        """202s without a completed sync since their request came."""
        self.injected = 0
        is_synced = False
        for line in log.read_text(errors="replace").splitlines():
            match = _CALL.match(line)
            if match is None or (
                line.endswith("<unfinished ...>") and match["name"] != "sendto"
            ):  # what is sent is known at once
                continue
            rest = match["rest"]
            match match["name"]:
                case "recvfrom" if "POST /api/webhook" in rest:
                    is_synced = False
                case "fsync" | "fdatasync":
                    is_synced = is_synced or rest.endswith("= 0")
                    self.injected += "(INJECTED)" in rest
                case "sendto" if "HTTP/1.1 202" in rest:
                    self.acknowledged += 1
                    self.unfounded += not is_synced
                case _:
                    pass


async def load(http: httpx.AsyncClient, log: Path, failures: int) -> tuple[int, int]:
    """Post one after the other until so many syncs failed; what was taken and what was put off."""
    taken = put_off = n = 0
    async with within(PATIENCE_S):
        while n < 20 or (failures and log.read_text(errors="replace").count("(INJECTED)") < failures):
            for _ in range(20):
                n += 1
                status = (await post(http, envelope(data={"text": f"{n}"}), f"msg_{n}")).status_code
                assert status in {202, 503}
                taken += status == 202
                put_off += status == 503
    return taken, put_off


@pytest.mark.parametrize(
    "failures",
    [pytest.param(8, id="short"), pytest.param(200, id="long", marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
)
async def test_nothing_is_acknowledged_whose_sync_failed(
    tmp_path: Path, failures: int, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "trace"
    wrapper = traced(log, when=f"40+{EVERY}")
    options = Options(is_projecting=False, probe_s=0.01)
    async with sidecar_process(tmp_path / "a.db", options, wrapper=wrapper) as child, child.client() as http:
        taken, put_off = await load(http, log, failures)
    verdict = Verdict(log)
    assert verdict.injected >= failures
    assert put_off >= failures / 4  # one failure may hit a probe, or two syncs of one commit
    assert (verdict.acknowledged, verdict.unfounded) == (taken, 0)
    with capsys.disabled():
        print(print_line(soak="sync", injected=verdict.injected, acknowledged=taken, put_off=put_off, unfounded=0))  # noqa: T201  # the round's result


@pytest.mark.parametrize("is_synchronous", [True, False])
async def test_the_judge_sees_a_database_that_does_not_wait_for_the_disk(tmp_path: Path, is_synchronous: bool) -> None:
    log = tmp_path / "trace"
    options = Options(is_projecting=False, is_synchronous=is_synchronous)
    wrapper = traced(log, when=None)
    async with sidecar_process(tmp_path / "a.db", options, wrapper=wrapper) as child, child.client() as http:
        taken, _ = await load(http, log, 0)
    verdict = Verdict(log)
    assert verdict.acknowledged == taken == 20
    assert (verdict.unfounded == 0) is is_synchronous  # the mark of the log is synced apart from the database
