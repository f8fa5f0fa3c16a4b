"""Keys of agents move to providers, and nothing else of the configuration does."""

import pytest
import yaml

from ompycord.app.models.key_import import imported
from ompycord.errors import Refused

ENVIRON = {"ANTHROPIC_API_KEY": "sk-a", "OPENAI_API_KEY": "sk-o"}
BLOCK = """\
# Our team's settings.
agents:
  claude:  # the usual one
    kind: stream_json
    grants:
      variables:
        - ANTHROPIC_API_KEY  # of the team
        - HTTPS_PROXY

      files: [~/.claude]
  # the second
  codex:
    kind: acp
    command: [codex-acp]
    grants: {variables: [OPENAI_API_KEY]}
limits:
  parallel_runs: 3  # a small machine
"""


def test_grants_move_and_comments_stay() -> None:
    found = imported(BLOCK, ENVIRON)
    assert found.keys == {"anthropic": ("sk-a",), "openai": ("sk-o",)}
    assert [(one.agent, one.variable, one.provider) for one in found.moved] == [
        ("claude", "ANTHROPIC_API_KEY", "anthropic"), ("codex", "OPENAI_API_KEY", "openai"),
    ]  # fmt: skip
    read = yaml.safe_load(found.text)
    assert read["agents"]["claude"]["grants"] == {"variables": ["HTTPS_PROXY"], "files": ["~/.claude"]}
    assert read["agents"]["codex"]["grants"] == {"variables": []}
    assert read["providers"] == {"anthropic": {"kind": "anthropic"}, "openai": {"kind": "openai"}}
    for comment in ("# Our team's settings.", "# the usual one", "# the second", "# a small machine"):
        assert comment in found.text
    assert "sk-" not in found.text
    assert imported(found.text, ENVIRON).moved == ()


def test_a_key_that_is_written_out_moves_too() -> None:
    text = "agents:\n  a:\n    kind: command\n    command: [x]\n    env:\n      GEMINI_API_KEY: g-1\n      LANG: C\n"
    found = imported(text, {})
    assert found.keys == {"gemini": ("g-1",)}
    assert "g-1" not in found.text
    assert yaml.safe_load(found.text)["agents"]["a"]["env"] == {"LANG": "C"}


@pytest.mark.parametrize(
    "there",
    [
        "providers:\n  mine:\n    kind: ollama\n    models: [m]\n",
        "providers: {mine: {kind: ollama, models: [m]}}\n",
        "providers:\n    mine: {kind: ollama, models: [m]}  # at home\n",
    ],
)
def test_a_provider_is_added_to_those_that_are_there(there: str) -> None:
    found = imported(f"{there}{BLOCK}", ENVIRON)
    assert list(yaml.safe_load(found.text)["providers"].items())[-1][1]["kind"] in {"ollama", "openai"}
    assert yaml.safe_load(found.text)["providers"]["mine"] == {"kind": "ollama", "models": ["m"]}
    assert yaml.safe_load(found.text)["providers"]["anthropic"] == {"kind": "anthropic"}


def test_a_provider_of_the_same_name_gets_the_key_and_stays_as_it_is() -> None:
    there = "providers:\n  anthropic: {kind: anthropic, models: [m]}\n"
    found = imported(f"{there}{BLOCK}", {"ANTHROPIC_API_KEY": "sk-a"})
    assert found.keys == {"anthropic": ("sk-a",)}
    assert yaml.safe_load(found.text)["providers"] == {"anthropic": {"kind": "anthropic", "models": ["m"]}}


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("OPENROUTER_API_KEY", "kind: compatible"),
        ("CLAUDE_CODE_OAUTH_TOKEN", "It is a login"),
        ("ANTHROPIC_API_KEY", "It has no value here"),
    ],
)
def test_what_cannot_move_stays_and_is_named(variable: str, words: str) -> None:
    text = f"agents:\n  a: {{kind: command, command: [x], grants: {{variables: [{variable}]}}}}\n"
    found = imported(text, {})
    assert (found.text, found.keys) == (text, {})
    assert found.moved[0].remedy is not None
    assert words in found.moved[0].remedy


@pytest.mark.parametrize("text", ["[]\n", '{"agents": {}}\n', "- a\n", ""])
def test_what_is_no_settings_is_refused_in_words(text: str) -> None:
    with pytest.raises(Refused, match="Move the keys yourself"):
        imported(text, ENVIRON)
