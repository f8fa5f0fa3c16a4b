"""Ports stay narrow: no Protocol of the package asks for more than 8 methods, inherited ones counted."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import ompycord
from ompycord.domain import ports

MOST = 8
WIRING = {
    "ompycord.bot.gateway.session.BotStore": (
        "handed to the bot by `app` and taken apart again by the bot's own wiring; no part uses it"
    ),
    "ompycord.bot.context.CommandStore": (
        "the one context of commands, buttons and forms, each of which uses a few methods"
    ),
}
"""Unions of ports that only hand them on, and why; each may be larger and has no method of its own."""


def protocols() -> Iterator[type]:
    """Every Protocol that a module of the package defines, the playground's included."""
    for module in pkgutil.walk_packages(ompycord.__path__, "ompycord."):
        if module.name.endswith(("__main__", "_program", "_parent_death")):
            continue  # programs, which are started and never imported
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if getattr(found, "_is_protocol", False) and found.__module__ == module.name:
                yield found


def methods_of(protocol: type) -> set[str]:
    """What it asks for: methods, properties and fields, its own and those of its bases; being called is one."""
    members: set[str] = set()
    for base in protocol.__mro__:
        if getattr(base, "_is_protocol", False) and base.__module__.startswith("ompycord"):
            members |= {name for name in vars(base) if not name.startswith("_") or name == "__call__"}
            members |= set(inspect.get_annotations(base))
    return members


def name_of(protocol: type) -> str:
    return f"{protocol.__module__}.{protocol.__qualname__}"


PROTOCOLS = {name_of(protocol): protocol for protocol in protocols()}


@pytest.mark.parametrize("name", sorted(set(PROTOCOLS) - set(WIRING)))
def test_a_port_has_at_most_eight_methods(name: str) -> None:
    assert 0 < len(methods_of(PROTOCOLS[name])) <= MOST


@pytest.mark.parametrize("name", sorted(WIRING))
def test_what_only_hands_ports_on_is_large_and_has_no_method_of_its_own(name: str) -> None:
    protocol = PROTOCOLS[name]
    assert len(methods_of(protocol)) > MOST, "it is narrow enough to need no exception"
    assert not {member for member in vars(protocol) if not member.startswith("_")}


def test_every_method_of_a_port_says_what_it_does() -> None:
    silent = [
        f"{name}.{member}"
        for name, protocol in PROTOCOLS.items()
        if name.startswith("ompycord.domain.ports.")
        for member, value in vars(protocol).items()
        if not member.startswith("_") and not _doc_of(value)
    ]
    assert silent == []


def test_the_front_of_the_ports_offers_all_of_them() -> None:
    defined = {protocol.__name__ for name, protocol in PROTOCOLS.items() if name.startswith("ompycord.domain.ports.")}
    assert defined - set(ports.__all__) == set()
    assert len(defined) > 20


def _doc_of(value: Any) -> str | None:
    return value.__doc__ if inspect.isfunction(value) or isinstance(value, property) else "a field"
