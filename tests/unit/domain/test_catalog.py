"""What the configuration says of a run's repository: also where it lists several, and none of that name any more."""

from pathlib import Path

import pytest

from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunKind, RunRecord, RunState

CATALOG = Catalog(
    repositories=(
        RepositorySpec(name="shop", path=Path("shop"), two_person=True),
        RepositorySpec(name="docs", path=Path("docs")),
    )
)


@pytest.mark.parametrize(("repository", "needs"), [("shop", True), ("docs", False), ("gone", False), (None, False)])
def test_two_people_are_needed_where_the_runs_own_repository_says_so(repository: str | None, needs: bool) -> None:
    record = RunRecord(
        id="01JD0000000000000000000000",
        kind=RunKind.HOSTED,
        task=None,
        agent="codex",
        repository=repository,
        state=RunState.BUILDING,
        created_at=1,
        updated_at=1,
    )
    assert CATALOG.needs_two(record) is needs
