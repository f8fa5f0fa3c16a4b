"""`providers:` in the settings, and what they change for agents that say nothing of their network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ompycord.app.doctor.machine import models, networks
from ompycord.app.findings import Finding
from ompycord.domain.repository import CheckSpec
from ompycord.errors import ConfigurationError
from ompycord.settings import Settings, load_settings

PROVIDERS = {"here": {"kind": "anthropic"}}
PLAIN: dict[str, Any] = {"kind": "stream_json"}


def network_of(agent: dict[str, Any], *, providers: dict[str, Any] = PROVIDERS) -> object:
    settings = Settings.model_validate({"agents": {"a": agent}, "providers": providers})
    return settings.catalog.agents[0].sandbox.network


def written(folder: Path, text: str) -> Settings:
    (folder / "ompycord.yml").write_text(text, encoding="utf-8")
    return load_settings(environ={}, folder=folder, overrides={"data_dir": str(folder / "data")})


def test_an_agent_that_says_nothing_has_no_network_but_ours() -> None:
    assert network_of(PLAIN) == "gateway"
    assert network_of(PLAIN, providers={}) == "gateway"
    assert CheckSpec(name="unit", command=("true",)).network == "gateway"


@pytest.mark.parametrize(
    ("more", "network"),
    [
        ({"sandbox": {"network": True}}, True),
        ({"sandbox": {"network": False}}, False),
        ({"sandbox": {"minimum": "full"}}, "gateway"),
        ({"grants": {"variables": ["ANTHROPIC_API_KEY"]}}, True),
        ({"grants": {"variables": ["SOME_OTHER"]}}, "gateway"),
        ({"grants": {"files": ["/x/.credentials.json"]}}, True),
        ({"grants": {"files": ["/x/.credentials.json"]}, "sandbox": {"hosts": ["api.example.org"]}}, "gateway"),
        ({"env": {"ANTHROPIC_AUTH_TOKEN": "x"}}, True),
    ],
)
def test_what_is_said_and_what_is_granted_stays(more: dict[str, Any], network: object) -> None:
    assert network_of({**PLAIN, **more}) == network


def test_doctor_names_who_holds_a_key_and_who_asks_by_us() -> None:
    agents = {"held": {**PLAIN, "grants": {"variables": ["ANTHROPIC_API_KEY"]}}, "ours": PLAIN}
    settings = Settings.model_validate({"agents": agents, "providers": PROVIDERS})
    found = said(models(settings.catalog.agents, has_providers=True, level="full"))
    assert "the agent holds your key; not metered." in found["Agent held"]
    assert "asks models by Ompycord, and has no other network" in found["Agent ours"]


def said(findings: Sequence[Finding]) -> dict[str, str]:
    return {one.name: f"{one.status}: {one.text} {one.remedy}" for one in findings}


def test_doctor_says_who_has_no_network_since_nothing_is_said_of_it() -> None:
    agents = {
        "lonely": PLAIN, "script": {"kind": "command", "command": ["x"]},
        "open": {**PLAIN, "sandbox": {"network": True}},
        "login": {**PLAIN, "grants": {"files": ["/x/.credentials.json"]}},
    }  # fmt: skip
    checks = [
        {"name": "unit", "command": ["x"]}, {"name": "deps", "command": ["x"], "hosts": ["pypi.org"]},
        {"name": "web", "command": ["x"], "network": True},
    ]  # fmt: skip
    shop = {"path": "/srv/shop", "checks": checks}
    catalog = Settings.model_validate({"agents": agents, "repositories": {"shop": shop}}).catalog
    found = said(models(catalog.agents, has_providers=False, level="full"))
    assert found.keys() == {"Agent lonely", "Agent script", "Agent login"}
    assert "agents.lonely.sandbox.network: true" in found["Agent lonely"]
    assert found["Agent script"].startswith("ok: reaches Ompycord, and has no other network.")
    assert "the agent has files of yours; not metered." in found["Agent login"]
    below = said(models(catalog.agents, has_providers=False, level="files"))
    assert "at level files its network stays open" in below["Agent lonely"]
    assert "unit: without network." in said(networks(catalog.repositories, "files+net"))["Checks of shop"]
    assert networks(catalog.repositories, "files") == []


def test_a_provider_is_read_from_the_file(tmp_path: Path) -> None:
    text = (
        "providers:\n  mine:\n    kind: compatible\n    base_url: https://models.example.org/v1\n"
        "    dialects: [chat, anthropic]\n    models: [m-1]\n    prices: {m-1: {input: 0.5, output: 2}}\n"
    )
    [spec] = written(tmp_path, text).providers.values()
    assert (spec.name, spec.address, [str(one) for one in spec.spoken]) == (
        "mine", "https://models.example.org/v1", ["chat", "anthropic"],
    )  # fmt: skip
    assert float(spec.prices["m-1"].output) == 2.0


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ("{kind: azure}", "needs base_url"),
        ("{kind: compatible, base_url: 'https://x.example'}", "needs dialects"),
        ("{kind: anthropic, base_url: 'ftp://x.example'}", "base_url"),
        ("{kind: anthropic, base_url: 'https://user:pass@x.example'}", "base_url"),
        ("{kind: something}", "kind"),
        ("{kind: openai, key: sk-in-the-file}", "key"),
        ("{kind: openai, prices: {m: {input: -1, output: 1}}}", "prices"),
    ],
)
def test_a_mistake_is_named_and_no_value_is_shown(tmp_path: Path, provider: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        written(tmp_path, f"providers:\n  mine: {provider}\n")
    assert "sk-in-the-file" not in str(caught.value)
    assert "pass@" not in str(caught.value)
