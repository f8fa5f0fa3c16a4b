"""The sentence of a run whose checks did not all pass: a check that failed is told before one that proved nothing."""

from pathlib import Path

import pytest

from ompycord.domain.catalog import Catalog
from ompycord.domain.events import CheckFinished
from ompycord.domain.ids import RunId
from ompycord.domain.repository import CheckSpec, RepositorySpec
from ompycord.domain.run import RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import CATALOG, AppHarness

ENDS = {
    "passed": CheckFinished(check="passed", status="passed"),
    "missing": CheckFinished(check="missing", status="missing", detail="ruff is not installed here"),
    "error": CheckFinished(check="error", status="error"),
    "failed": CheckFinished(check="failed", status="failed", passed=2, failed=1),
    "timeout": CheckFinished(check="timeout", status="timeout"),
}


@pytest.mark.parametrize(
    ("names", "state", "message"),
    [
        (("missing", "failed"), RunState.FAILED, "failed: 1 of 3 fail."),
        (("failed", "missing"), RunState.FAILED, "failed: 1 of 3 fail."),
        (("error", "passed", "timeout"), RunState.FAILED, "timeout did not end in its time."),
        (("timeout", "failed"), RunState.FAILED, "timeout did not end in its time."),
        (("passed", "error"), RunState.COMPLETE, "error proved nothing."),
        (("missing", "error"), RunState.COMPLETE, "No check ran: ruff is not installed here."),
        (("passed",), RunState.COMPLETE, "passed passed."),
    ],
)
async def test_what_failed_is_told_first_wherever_it_stands(
    store: SqliteStore, tmp_path: Path, names: tuple[str, ...], state: RunState, message: str
) -> None:
    checks = tuple(CheckSpec(name=name, command=("true",)) for name in names)
    repository = RepositorySpec(name="shop", path=Path("shop"), checks=checks)
    catalog: Catalog = CATALOG.model_copy(update={"repositories": (repository,)})
    harness = AppHarness(store, tmp_path, FakeClock(), catalog)
    harness.checks.results = {name: ENDS[name] for name in names}
    async with harness.running():
        snapshot = await harness.ended(RunId((await harness.submit()).id))
    assert (snapshot.state, snapshot.message) == (state, message)
