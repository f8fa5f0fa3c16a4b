"""A section of the settings is the options model of what it configures.

Each limit is declared once, and reaches who keeps it.
"""

import ast
import importlib
from inspect import get_annotations
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

import ompycord.bot
import ompycord.http
import ompycord.webhook
from ompycord.app.wiring.edges import bot_options
from ompycord.bot.options import BotOptions, DiscordSettings
from ompycord.errors import ConfigurationError
from ompycord.http import HttpLimits
from ompycord.settings import NotifySettings, Settings, WebhookSettings, load_settings
from ompycord.webhook import EventLimits
from tests.support.sources import product

pytestmark = pytest.mark.xdist_group("source")

GUILD = "100000000000000001"


def bases(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [base for base in model.__mro__ if issubclass(base, BaseModel) and base is not BaseModel]


@pytest.mark.parametrize("model", [WebhookSettings, DiscordSettings, BotOptions, HttpLimits, EventLimits])
def test_no_option_is_declared_twice(model: type[BaseModel]) -> None:
    declared = [name for base in bases(model) for name in get_annotations(base) if name in model.model_fields]
    assert sorted(declared) == sorted(set(declared))


def test_no_limit_of_a_section_has_another_default_in_the_code() -> None:
    """Nobody makes the section's model with values of its own beside the settings."""
    models = {"HttpLimits", "EventLimits", "DiscordSettings", "WebhookSettings"}
    made = [
        f"{file}:{node.lineno}"
        for file, tree in product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in models and node.keywords
    ]
    assert made == []


def test_every_section_is_the_model_beside_its_class() -> None:
    sections = {name: info.annotation for name, info in Settings.model_fields.items()}
    assert sections["discord"] is DiscordSettings
    assert issubclass(WebhookSettings, HttpLimits)
    assert WebhookSettings.model_fields["events"].annotation is EventLimits


def test_what_is_set_reaches_the_bot_and_the_sidecar(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(
        f"discord: {{guilds: ['{GUILD}'], reconnect_cap_s: 5, approver_role: maintainers, guild_ready_timeout_s: 3}}\n"
        "webhook: {rate_per_s: 7, events: {backlog: 9}}\n"
        "access: {users: {admin: ['100000000000000002']}}\n"
    )
    settings = load_settings(environ={"OMPYCORD_WEBHOOK__EVENTS__BATCH_EVENTS": "11"}, folder=tmp_path)
    options = bot_options(settings)
    assert (options.reconnect_cap_s, options.approver_role, options.ready_timeout_s) == (5, "maintainers", 3)
    assert options.access is settings.access
    assert (settings.webhook.rate_per_s, settings.webhook.burst) == (7, HttpLimits().burst)
    assert (settings.webhook.events.backlog, settings.webhook.events.batch_events) == (9, 11)


def test_another_discord_needs_no_wait_for_its_servers() -> None:
    assert DiscordSettings().ready_timeout_s == 2.0
    assert DiscordSettings(api="http://127.0.0.1:1/api").ready_timeout_s == 0.0


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("discord: {launch_emoji: ''}", "discord.launch_emoji"),
        ("discord: {reconnect_cap_s: 0}", "discord.reconnect_cap_s"),
        ("webhook: {rate_per_s: -1}", "webhook.rate_per_s"),
        ("webhook: {events: {batch_events: 1001}}", "webhook.events.batch_events"),
        ("webhook: {events: {size: 1}}", "webhook.events.size"),
        ("repositories: {s: {path: /x, checks: [{name: u, command: [a], parser: tap}]}}", "checks.0.parser.kind"),
        (
            "repositories: {s: {path: /x, checks: [{name: u, command: [a], parser: {kind: exit, x: 1}}]}}",
            "repositories.s.checks.0.parser.x: there is no such setting",
        ),
    ],
)
def test_a_mistake_in_a_section_names_its_key(tmp_path: Path, content: str, key: str) -> None:
    (tmp_path / "ompycord.yml").write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ={}, folder=tmp_path)
    assert key in str(caught.value)


@pytest.mark.parametrize("front", [ompycord.bot, ompycord.http, ompycord.webhook], ids=lambda front: front.__name__)
def test_a_front_that_imports_on_first_use_has_all_that_it_lists(front: object) -> None:
    module = importlib.import_module(getattr(front, "__name__", ""))
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    with pytest.raises(AttributeError):
        _ = module.no_such_name


def test_every_name_below_notify_is_a_destination() -> None:
    """Whoever lists destinations asks the section, which grows by other kinds than webhooks."""
    address = {"url": "https://example.org/hook", "secret_file": "secret"}
    section = NotifySettings.model_validate({"webhooks": [{"name": "ci", **address}, {"name": "chat", **address}]})
    assert section.destinations == ("ci", "chat")
    assert NotifySettings().destinations == ()


def test_another_reviewer_and_nobody_else_exclude_one_another() -> None:
    shop = {"name": "shop", "path": "/srv/shop", "publish": {"other_reviewer": True}}
    assert Settings.model_validate({"repositories": {"shop": shop}}).repositories["shop"].publish.other_reviewer
    with pytest.raises(ValidationError, match=r"profile: solo says that there is none"):
        Settings.model_validate({"profile": "solo", "repositories": {"shop": shop}})
