"""Ports say what they do; how large one may be is judged by `tools/shape.py`."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import ompycord
from ompycord.domain import ports

pytestmark = pytest.mark.xdist_group("the SDK of MCP")  # it is imported there anyway


def protocols() -> Iterator[type]:
    """Every Protocol that a module of the package defines, the playground's included."""
    for module in pkgutil.walk_packages(ompycord.__path__, "ompycord."):
        if module.name.endswith(("__main__", "_program", "_parent_death")):
            continue  # programs, which are started and never imported
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if getattr(found, "_is_protocol", False) and found.__module__ == module.name:
                yield found


def name_of(protocol: type) -> str:
    return f"{protocol.__module__}.{protocol.__qualname__}"


@cache
def protocols_by_name() -> dict[str, type]:
    """By name; it imports all of the product, which only the worker that runs these tests has to pay."""
    return {name_of(protocol): protocol for protocol in protocols()}


def test_every_method_of_a_port_says_what_it_does() -> None:
    silent = [
        f"{name}.{member}"
        for name, protocol in protocols_by_name().items()
        if name.startswith("ompycord.domain.ports.")
        for member, value in vars(protocol).items()
        if not member.startswith("_") and not _doc_of(value)
    ]
    assert silent == []


def test_the_front_of_the_ports_offers_all_of_them() -> None:
    known = protocols_by_name()
    defined = {protocol.__name__ for name, protocol in known.items() if name.startswith("ompycord.domain.ports.")}
    assert defined - set(ports.__all__) == set()
    assert len(defined) > 20


def _doc_of(value: Any) -> str | None:
    return value.__doc__ if inspect.isfunction(value) or isinstance(value, property) else "a field"
