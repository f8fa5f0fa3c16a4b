"""What a library would load to be prettier is not loaded, and can still be imported by whoever wants it."""

import importlib.util
import subprocess
import sys

import pytest

from ompycord.telemetry.without_module import without_module
from tests.support.patience import patient

LOOK = (
    "import ompycord.app.run, ompycord.agents.native, ompycord.mcp_server.server as s, sys, types; "
    "s.build(types.SimpleNamespace(memory=None, secrets=None), None, version='0'); "
    "print(any(name in sys.modules for name in ('rich', 'pydantic_ai', 'openai', 'anthropic', 'PIL')))"
)
"""Nor is loaded what asks models, in a server that asks none itself, nor what draws pictures, before it draws one."""


def test_a_package_is_as_if_not_installed_only_inside_the_block() -> None:
    sys.modules.pop("this", None)
    with without_module("this"), pytest.raises(ImportError):
        importlib.import_module("this")
    assert importlib.util.find_spec("this") is not None
    assert "this" not in sys.modules


def test_what_is_loaded_already_stays() -> None:
    with without_module("json"):
        assert importlib.import_module("json") is sys.modules["json"]


def test_neither_the_logs_nor_the_mcp_sdk_load_rich() -> None:
    said = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True, timeout=patient(60))
    assert said.stdout.strip() == "False", said.stderr
