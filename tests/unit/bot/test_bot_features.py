"""Features put together: every button of a card has one handler, every command stands in help with its role."""

from typing import cast

import pytest

from ompycord.bot import features
from ompycord.bot.access import Interaction
from ompycord.bot.commands.cancel import cancel_feature
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.features import FEATURES, BotFeatures, handlers_of
from ompycord.domain.access import Person, Role
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import CARD_ACTIONS, GOOD, CardAction

NOBODY = cast("BotContext", None)
"""Assembling asks it nothing."""
POSTED = {
    *("stop", "resume", "cancel", "docancel", "keep", "retry", "again", "draft", "takeover", "details", "diff"),
    *("checkout", "accept", "ready", "publish", "follow", "followf", "followgo", "followno", "againf"),
    *("vrun", "vedit", "vdrop"),
    *("address", "callgo", "callview", "closepr", "issuego", "waitfor", "buildon", "goon"),
    *(
        "checks",
        "say",
        "sayform",
        "raise",
        "raiseto",
        "answer",
        "ansform",
        "allow",
        "allowrun",
        "allowday",
        "deny",
        "give",
    ),
    "denyform",
    *("continue", "replan", "replanto", "giveup", "goback", "gobackto"),
    *("planok", "planedit", "planchf", "planno", "plannof"),
    *("older", "raiseacc", "raiseamt", "eraseme", "settings", "editsaid", "form", "undo", "pick", "picksay"),
    *("memkeep", "memedit", "memdrop", "memform", "memrepl", "memsave", "schedadd", "trigall", "trignone"),
    *(f"opt{number}" for number in range(20)),
}
"""Actions in ids of buttons and forms that are posted already."""
ROLES = {
    "omp new": Role.RUNNER,
    "omp ask": Role.RUNNER,
    "omp say": Role.RUNNER,
    "omp stop": Role.RUNNER,
    "omp resume": Role.RUNNER,
    "omp cancel": Role.RUNNER,
    "omp queue edit": Role.RUNNER,
    "omp queue drop": Role.RUNNER,
    "omp decide": Role.RUNNER,
    "omp memory drop": Role.RUNNER,
    "omp memory keep": Role.RUNNER,
    "omp schedule add": Role.RUNNER,
    "omp schedule pause": Role.RUNNER,
    "omp schedule resume": Role.RUNNER,
    "omp schedule remove": Role.RUNNER,
    "omp trigger pause": Role.RUNNER,
    "omp trigger resume": Role.RUNNER,
    "omp-admin pause": Role.ADMIN,
    "omp-admin unpause": Role.ADMIN,
    "omp-admin stop-all": Role.ADMIN,
    "omp-admin stop-models": Role.ADMIN,
    "omp-admin resume-models": Role.ADMIN,
    "omp-admin role": Role.ADMIN,
    "omp-admin who": Role.ADMIN,
    "omp-admin budget": Role.ADMIN,
    "omp-admin permissions": Role.ADMIN,
    "omp-admin audit": Role.ADMIN,
    "omp-admin policy": Role.ADMIN,
}


def made() -> list[Feature]:
    return [make(NOBODY) for make in FEATURES]


async def pressed(interaction: Interaction, person: Person, record: RunRecord) -> None:
    """A handler that nobody calls here."""


async def handled(interaction: Interaction, person: Person, component: ComponentId) -> None:
    """The same for another button."""


def test_what_is_posted_already_keeps_its_meaning() -> None:
    assert BotFeatures(NOBODY).handlers.keys() == POSTED


@pytest.mark.parametrize("name", sorted(action.name for action in CARD_ACTIONS))
def test_a_button_of_a_card_whose_handler_is_gone_ends_the_start(name: str) -> None:
    others = [feature for feature in made() if name not in {action.name for action in feature.actions}]
    with pytest.raises(AssertionError, match=rf"without a handler: \[.*'{name}'"):
        handlers_of(NOBODY, others)


def test_a_new_button_that_nothing_handles_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    new = CardAction("openpr", "Open PR", "details")
    monkeypatch.setattr(features, "CARD_ACTIONS", CARD_ACTIONS | {new})
    with pytest.raises(AssertionError, match=r"without a handler: \['openpr'\]"):
        BotFeatures(NOBODY)
    assert "openpr" in handlers_of(NOBODY, [*made(), Feature(actions={new: pressed})])


def test_a_handler_of_a_button_that_no_card_offers_ends_the_start() -> None:
    with pytest.raises(AssertionError, match=r"without a button: \['good'\]"):
        handlers_of(NOBODY, [*made(), Feature(actions={GOOD: pressed})])


@pytest.mark.parametrize("twice", [Feature(components={"stop": handled}), Feature(forms={"stop": handled})])
def test_a_name_with_two_meanings_ends_the_start(twice: Feature) -> None:
    with pytest.raises(AssertionError, match=r"twice: \['stop'\]"):
        handlers_of(NOBODY, [*made(), twice])
    with pytest.raises(AssertionError, match=r"twice: \['cancel', 'docancel', 'keep'\]"):
        handlers_of(NOBODY, [*made(), cancel_feature(NOBODY)])


def test_help_has_a_line_for_every_command_with_its_role() -> None:
    ours = BotFeatures(NOBODY)
    rows = [row for feature in ours.features for row in feature.help]
    commands = [command.qualified_name for feature in ours.features for command, _ in feature.slash_commands()]
    assert len(rows) == len(commands) == len(set(commands))
    for row, name in zip(rows, commands, strict=True):
        assert row.name == name
        assert row.role == ROLES.get(name, Role.VIEWER)
    assert ROLES.keys() <= set(commands)


def test_discord_is_told_of_every_command() -> None:
    ours = BotFeatures(NOBODY)
    names = ["omp", "omp-admin", "Run as task", "Draft a task from this", "Save as decision"]
    assert [command.name for command in ours.commands] == names
    known = {command.name for feature in ours.features for command in feature.commands}
    assert known == {
        *("new", "ask", "say", "status", "cancel", "stop", "resume", "show", "runs", "queue", "settings", "cost"),
        *("health", "gateway", "help", "decide", "memory", "feedback", "pr", "mine", "schedule", "my-data", "trigger"),
    }
    assert {command.name for feature in ours.features for command in feature.admin} == {
        *("stop-models", "resume-models", "pause", "unpause", "stop-all", "role", "who", "budget", "permissions"),
        *("audit", "policy"),
    }
