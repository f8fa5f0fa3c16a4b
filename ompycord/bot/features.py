"""The list of all features, and what the bot makes of it: commands, handlers of buttons and forms, help.

A new feature is a file that makes a `Feature`, and a line in the list below. Counterpart: `render/cards/actions.py`,
whose every record has exactly one handler here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.accept import accept_feature
from ompycord.bot.commands.admin.budget import budget_feature
from ompycord.bot.commands.admin.pausing import pausing_feature
from ompycord.bot.commands.admin.permissions import permissions_feature
from ompycord.bot.commands.admin.raise_shared import raise_shared_feature
from ompycord.bot.commands.admin.record import record_feature
from ompycord.bot.commands.admin.roles import roles_feature
from ompycord.bot.commands.cancel import cancel_feature
from ompycord.bot.commands.circling import circling_feature
from ompycord.bot.commands.follow_up import follow_up_feature
from ompycord.bot.commands.forge.issue_call import issue_call_feature
from ompycord.bot.commands.forge.overlap import overlap_feature
from ompycord.bot.commands.forge.pull_request import pull_request_feature
from ompycord.bot.commands.health import gateway_feature, health_feature
from ompycord.bot.commands.help import help_feature
from ompycord.bot.commands.new import new_feature
from ompycord.bot.commands.queue import queue_feature
from ompycord.bot.commands.raise_limit import raise_limit_feature
from ompycord.bot.commands.remembering.decide import decide_feature
from ompycord.bot.commands.remembering.feedback import feedback_feature
from ompycord.bot.commands.remembering.memory import memory_feature
from ompycord.bot.commands.retry import retry_feature
from ompycord.bot.commands.run_control import run_control_feature
from ompycord.bot.commands.runs import runs_feature
from ompycord.bot.commands.say import say_feature
from ompycord.bot.commands.scheduling.schedule import schedule_feature
from ompycord.bot.commands.scheduling.trigger import trigger_feature
from ompycord.bot.commands.settings import settings_feature
from ompycord.bot.commands.show import show_feature
from ompycord.bot.commands.speech.dictated import dictated_feature
from ompycord.bot.commands.spending.cost import cost_feature
from ompycord.bot.commands.status import status_feature
from ompycord.bot.commands.takeover import takeover_feature
from ompycord.bot.commands.team.my_data import my_data_feature
from ompycord.bot.commands.waiting.mine import mine_feature
from ompycord.bot.commands.waiting.secret import secret_feature
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Command, Feature, Handler, Press
from ompycord.bot.interactions.answers import answers_feature
from ompycord.bot.interactions.approvals import approvals_feature
from ompycord.bot.interactions.lessons import lessons_feature
from ompycord.bot.interactions.plans import plans_feature
from ompycord.bot.interactions.replies import defer
from ompycord.bot.interactions.typed_answers import typed_answers_feature
from ompycord.bot.lookups import Lookups
from ompycord.domain.access import Person
from ompycord.render.cards.actions import CARD_ACTIONS, CardAction

__all__ = ["FEATURES", "BotFeatures", "handlers_of"]

FEATURES: Final[tuple[Callable[[BotContext], Feature], ...]] = (
    new_feature,
    dictated_feature,
    say_feature,
    status_feature,
    cancel_feature,
    run_control_feature,
    show_feature,
    runs_feature,
    queue_feature,
    settings_feature,
    schedule_feature,
    trigger_feature,
    cost_feature,
    decide_feature,
    memory_feature,
    feedback_feature,
    health_feature,
    gateway_feature,
    mine_feature,
    my_data_feature,
    pausing_feature,
    budget_feature,
    permissions_feature,
    roles_feature,
    record_feature,
    retry_feature,
    follow_up_feature,
    pull_request_feature,
    overlap_feature,
    issue_call_feature,
    takeover_feature,
    raise_limit_feature,
    raise_shared_feature,
    circling_feature,
    accept_feature,
    answers_feature,
    secret_feature,
    approvals_feature,
    plans_feature,
    typed_answers_feature,
    lessons_feature,
)
"""In the order in which help lists their commands; `/omp help` itself comes last, since it knows the others."""


class BotFeatures:
    """All features, put together for one session."""

    def __init__(self, context: BotContext) -> None:
        """Raises AssertionError where buttons and handlers do not match (`handlers_of`). Asks the context nothing."""
        made = [make(context) for make in FEATURES]
        self.features = (*made, help_feature(context, made))
        self.handlers = handlers_of(context, self.features)
        self.commands: tuple[app_commands.Group | app_commands.ContextMenu, ...] = (
            _group("omp", "Run the team's coding agents.", [one for each in self.features for one in each.commands]),
            _group("omp-admin", "Run Ompycord itself.", [one for each in self.features for one in each.admin]),
            *(menu for feature in self.features for menu in feature.menus),
        )

    def offered(self, lookups: Lookups) -> list[app_commands.Group | app_commands.ContextMenu]:
        """The commands of which Discord is told, by what this machine can do."""
        withheld = [
            menu for feature in self.features if feature.needs_voice and lookups.voice is None for menu in feature.menus
        ]
        return [command for command in self.commands if command not in withheld]


def _group(name: str, description: str, commands: Sequence[Command | app_commands.Group]) -> app_commands.Group:
    """`/omp` or `/omp-admin`, and what is in it."""
    group = app_commands.Group(name=name, description=description, guild_only=True)
    for command in commands:
        group.add_command(command)
    return group


def handlers_of(context: BotContext, features: Sequence[Feature]) -> dict[str, Handler]:
    """What every button and form means, by the action in its id.

    Raises AssertionError where a card's button has no handler, where a handler has no button, and where a name has two
    meanings.
    """
    bound = {action: press for feature in features for action, press in feature.actions.items()}
    named = [
        *(
            (action.name, _pressed(context, action, press))
            for feature in features
            for action, press in feature.actions.items()
        ),
        *(item for feature in features for item in (*feature.components.items(), *feature.forms.items())),
    ]
    missing = sorted(action.name for action in CARD_ACTIONS - bound.keys())
    surplus = sorted(action.name for action in bound.keys() - CARD_ACTIONS)
    twice = sorted(name for name, number in Counter(name for name, _ in named).items() if number > 1)
    if missing or surplus or twice:
        raise AssertionError(
            f"buttons without a handler: {missing}, handlers without a button: {surplus}, twice: {twice}"
        )
    return dict(named)


def _pressed(context: BotContext, action: CardAction, press: Press) -> Handler:
    async def handle(interaction: Interaction, person: Person, component: ComponentId) -> None:
        if not action.opens_form:
            await defer(interaction)
        await press(interaction, person, await context.visible(interaction, component.ref))

    return handle
