"""A sidecar on a real socket with keys that can be changed through a control socket, as `up` has them."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.integration.cli.harness import AppHarness, open_harness
from tests.support.patience import within


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncGenerator[AppHarness]:
    async with open_harness(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def spool_folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture(autouse=True)
async def bounded() -> AsyncGenerator[None]:
    async with within(100):
        yield
