"""Where libraries that know nothing of us are installed."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def cached(pytestconfig: pytest.Config) -> Callable[[str], Path]:
    """The folder in which a library stays installed from run to run."""
    assert pytestconfig.cache is not None
    return pytestconfig.cache.mkdir("clients").joinpath
