"""The name that `ompycord init` gives to a repository: the settings take it, and no two have the same."""

from pathlib import Path

import pytest

from ompycord.cli.init import repository_name
from ompycord.domain.repository import RepositorySpec


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop", "shop"),
        ("shop.git", "shop"),
        ("My Shop (old)", "my-shop-old"),
        ("-.shop._-", "shop"),
        ("商店", "repository"),
        ("...", "repository"),
        ("a" * 60, "a" * 60),
        ("a" * 61, "a" * 60),
        ("a_b.c-1", "a_b.c-1"),
    ],
)
def test_the_name_of_a_folder_becomes_one_that_the_settings_take(folder: str, name: str) -> None:
    found = repository_name(Path("/srv") / folder, ())
    assert found == name
    assert RepositorySpec(name=found, path=Path("/srv") / folder).name == name


def test_a_name_that_is_taken_gets_the_next_free_number() -> None:
    taken = {"shop": 1, "shop-2": 1, "docs": 1}
    assert repository_name(Path("/srv/shop"), taken) == "shop-3"
    assert repository_name(Path("/srv/docs"), taken) == "docs-2"
    assert repository_name(Path("/srv/tools"), taken) == "tools"
    long = {"a" * 60: 1}
    found = repository_name(Path("/srv") / ("a" * 70), long)
    assert RepositorySpec(name=found, path=Path("/srv")).name == "a" * 60 + "-2"
