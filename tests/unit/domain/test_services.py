"""Services as settings write them."""

from typing import Any

import pytest
from pydantic import ValidationError

from ompycord.domain.configuration.services import ServiceSpec, required_to_differ, used_by
from ompycord.domain.repository import RepositorySpec


def test_a_known_one_needs_no_more_than_its_name() -> None:
    spec = RepositorySpec.model_validate({"name": "shop", "path": "/srv/shop", "services": ["postgres", "redis"]})
    assert [(one.name, one.known, one.own_port) for one in spec.services] == [
        ("postgres", "postgres", 5432),
        ("redis", "redis", 6379),
    ]


def test_a_command_of_that_name_is_a_command() -> None:
    assert ServiceSpec(name="redis", command=("/opt/redis",), port=7000).known is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("mysql8", "give command and port, or name one of postgres, redis and mariadb"),
        ({"name": "search", "command": ["serve"]}, "give the port on which the command listens"),
        ({"name": "search", "command": ["./serve"], "port": 1}, "none of the repository"),
        ({"name": "redis", "probe": ["bin/ready"]}, "none of the repository"),
    ],
)
def test_what_is_missing_is_said(given: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ServiceSpec.model_validate(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["redis", "redis"], "the service redis is there twice"),
        (["redis", {"name": "cache", "command": ["serve"], "port": 6379}], "two services listen on port 6379"),
    ],
)
def test_two_of_them_share_neither_name_nor_port(given: list[Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        RepositorySpec.model_validate({"name": "shop", "path": "/srv/shop", "services": given})
    assert required_to_differ([ServiceSpec.model_validate(one) for one in given]) == words


def test_a_check_uses_none_that_is_not_there() -> None:
    check = {"name": "unit", "command": ["true"], "services": ["redis"]}
    with pytest.raises(ValidationError, match="the check unit uses redis, which services does not name"):
        RepositorySpec.model_validate({"name": "shop", "path": "/srv/shop", "checks": [check]})


def test_each_is_for_those_whom_it_names() -> None:
    both, agent = ServiceSpec(name="redis"), ServiceSpec(name="postgres", used_by=("agent",))
    assert used_by((both, agent), "checks") == (both,)
    assert used_by((both, agent), "agent") == (both, agent)
