"""The store of the store's own tests, and a keeper over it."""

import pytest

from ompycord.store import SqliteStore
from tests.integration.alerting.stage import Stage
from tests.integration.store.conftest import clock, ids, path, store
from tests.integration.store.world import HandClock

__all__ = ["clock", "ids", "path", "stage", "store"]


@pytest.fixture
def stage(store: SqliteStore, clock: HandClock) -> Stage:
    return Stage(store, clock)
