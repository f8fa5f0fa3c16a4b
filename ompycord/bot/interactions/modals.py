"""The forms: built for Discord, read from raw submissions; counterpart of `components.py`, which gets them.

A form is stopped before it is sent: discord.py keeps nothing of it, so one that was open across a restart is read like any
other (else it is dropped silently and the typed text is lost). The draft's id travels in its custom id.
"""

from collections.abc import Sequence
from typing import Any, cast

import discord
from discord import ui

from ompycord.bot.access import Interaction
from ompycord.bot.interactions.drafts import AttachedFile
from ompycord.bot.interactions.settings_text import PINGS
from ompycord.conductor import MESSAGE_LENGTH, When
from ompycord.domain.catalog import Catalog
from ompycord.domain.person_settings import PersonSettings
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.snapshot import Approval, Question
from ompycord.domain.task import Mode
from ompycord.errors import Refused
from ompycord.render.sanitizer import Sanitizer
from ompycord.text import cut
from ompycord.text.limits import MODAL_INPUT_VALUE, MODAL_TITLE, SELECT_OPTIONS

__all__ = [
    "MODES",
    "WHEN",
    "FormValues",
    "answer_form",
    "message_form",
    "read_form",
    "settings_form",
    "task_form",
    "why_not_form",
]

MODES: dict[Mode, str] = {
    Mode.STANDARD: "build, then the repository's checks",
    Mode.FAST: "the agent only; ends unchecked",
}
"""Modes that can be chosen, with what they do."""

WHEN: dict[When, str] = {
    "next": "After what it does now",
    "now": "Now, in the middle of what it does",
    "restart": "Halt it and begin again with this",
}
"""How a run can be told something."""

_DESCRIPTION = 100
_PLACEHOLDER = "The cart total ignores the discount when… Fix it and add a test."
_ANSWER_LIMIT = 4000
_REASON_LIMIT = 400
_NO_AGENT = "-"
_HOURS_LENGTH, _ZONE_LENGTH, _CO_AUTHOR_LENGTH = 20, 64, 203
"""As `domain.person_settings` takes them."""


def task_form(
    *,
    custom_id: str,
    channel: str,
    catalog: Catalog,
    repository: RepositorySpec | None,
    agent: str | None = None,
    mode: Mode = Mode.STANDARD,
    prompt: str = "",
) -> ui.Modal:
    """A new task (docs/contracts/commands-and-buttons.md, *The form*). Raises Refused where nothing can be chosen."""
    repositories = _first(repository, catalog.repositories)
    agents = _offered(catalog, repositories)
    if not repositories or not agents:
        what = "repository" if not repositories else "agent"
        raise Refused(f"No {what} is configured, so no run can start. An admin names one in `ompycord.yml`.")
    modal = ui.Modal(title=cut(f"New task in #{channel}", MODAL_TITLE), custom_id=custom_id, timeout=None)
    task = ui.TextInput[ui.Modal](
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        placeholder=_PLACEHOLDER,
        default=prompt[:MODAL_INPUT_VALUE] or None,
        max_length=MODAL_INPUT_VALUE,
        required=False,  # a file may hold the task; emptiness is refused with words of ours
    )
    done = ui.TextInput[ui.Modal](custom_id="done", max_length=300, required=False)
    files = ui.FileUpload[ui.Modal](custom_id="files", required=False, min_values=0, max_values=5)
    modal.add_item(ui.Label(text="What shall be done?", component=task))
    modal.add_item(ui.Label(text="Repository", component=_repository_select(repositories)))
    modal.add_item(ui.Label(text="Agent and care", component=_mode_select(agents, agent, mode)))
    modal.add_item(ui.Label(text="Done when", description=cut(_always_run(repositories), _DESCRIPTION), component=done))
    modal.add_item(
        ui.Label(
            text="Files", description="Text becomes part of the task; the rest the agent can read.", component=files
        )
    )
    modal.stop()
    return modal


def _first(chosen: RepositorySpec | None, known: tuple[RepositorySpec, ...]) -> tuple[RepositorySpec, ...]:
    """The preset first."""
    rest = tuple(spec for spec in known if chosen is None or spec.name != chosen.name)
    return ((chosen, *rest) if chosen else rest)[:SELECT_OPTIONS]


def _offered(catalog: Catalog, repositories: tuple[RepositorySpec, ...]) -> list[str]:
    """Agents allowed in any of them, the first one's first: the form cannot follow what is chosen in it."""
    return list(dict.fromkeys(agent.name for spec in repositories for agent in catalog.agents_for(spec)))


def _always_run(repositories: tuple[RepositorySpec, ...]) -> str:
    """Which checks come by themselves, for the one repository or for any that is chosen."""
    only, *others = repositories
    if others:
        return "The repository's own checks always run."
    checks = ", ".join(check.name for check in only.checks) or "no checks are configured"
    return f"Always run here: {checks}."


def _repository_select(repositories: tuple[RepositorySpec, ...]) -> ui.Select[ui.Modal]:
    options = [
        discord.SelectOption(label=spec.name, value=spec.name, default=place == 0)
        for place, spec in enumerate(repositories)
    ]
    return ui.Select[ui.Modal](custom_id="repo", options=options)


def _mode_select(agents: list[str], agent: str | None, mode: Mode) -> ui.Select[ui.Modal]:
    """`omp · standard: build, then the repository's checks`."""
    wanted = (agent if agent in agents else agents[0], mode if mode in MODES else Mode.STANDARD)
    options = [
        discord.SelectOption(
            label=cut(f"{name} · {mode_name}: {text}", _DESCRIPTION),
            value=f"{name}|{mode_name}",
            default=(name, mode_name) == wanted,
        )
        for name in agents
        for mode_name, text in MODES.items()
    ]
    return ui.Select[ui.Modal](custom_id="care", options=options[:SELECT_OPTIONS])


def answer_form(question: Question, *, custom_id: str, sanitizer: Sanitizer) -> ui.Modal:
    """An answer of one's own. A question's beginning stands above the input."""
    modal = ui.Modal(title="Answer", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](custom_id="answer", style=discord.TextStyle.paragraph, max_length=_ANSWER_LIMIT)
    asked = sanitizer.label(question.text, _DESCRIPTION)
    modal.add_item(ui.Label(text="Your answer", description=asked or None, component=field))
    modal.stop()
    return modal


def why_not_form(approval: Approval, *, custom_id: str, sanitizer: Sanitizer) -> ui.Modal:
    """A refusal with its reason."""
    modal = ui.Modal(title="Why not?", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](
        custom_id="reason", style=discord.TextStyle.paragraph, max_length=_REASON_LIMIT, required=False
    )
    asked = sanitizer.label(approval.title, _DESCRIPTION)
    modal.add_item(ui.Label(text="The agent reads this", description=asked or None, component=field))
    modal.stop()
    return modal


def message_form(*, custom_id: str, preview_message: str, when: When) -> ui.Modal:
    """Something to tell a run. `preview_message` says what will become of it."""
    modal = ui.Modal(title="Say", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](custom_id="message", style=discord.TextStyle.paragraph, max_length=MESSAGE_LENGTH)
    options = [discord.SelectOption(label=label, value=name, default=name == when) for name, label in WHEN.items()]
    choice = ui.Select[ui.Modal](custom_id="when", options=options)
    modal.add_item(
        ui.Label(text="What shall it know?", description=cut(preview_message, _DESCRIPTION), component=field)
    )
    modal.add_item(ui.Label(text="When", component=choice))
    modal.stop()
    return modal


def settings_form(mine: PersonSettings, agents: Sequence[str], *, custom_id: str) -> ui.Modal:
    """What somebody chose for themselves, to be changed. Five inputs, which is all that a form has."""
    modal = ui.Modal(title="Your settings", custom_id=custom_id, timeout=None)
    pings = [discord.SelectOption(label=label, value=name, default=name is mine.pings) for name, label in PINGS.items()]
    own = [discord.SelectOption(label="The channel's first one", value=_NO_AGENT, default=mine.agent not in agents)]
    own += [discord.SelectOption(label=name, value=name, default=name == mine.agent) for name in agents]
    quiet = f"{mine.quiet.start}-{mine.quiet.end}" if mine.quiet else ""
    hours = _line("quiet", "22:00-07:00", quiet, _HOURS_LENGTH)
    zone = _line("zone", "Europe/Berlin", mine.quiet.zone if mine.quiet else "", _ZONE_LENGTH)
    commits = _line("commits", "Ada <ada@example.com>", mine.co_author or "", _CO_AUTHOR_LENGTH)
    held = "Only what nobody else can answer rings then."
    modal.add_item(ui.Label(text="When a run needs you or ends", component=_select("pings", pings)))
    modal.add_item(ui.Label(text="Quiet hours", description=held, component=hours))
    modal.add_item(ui.Label(text="Time zone of these hours", component=zone))
    modal.add_item(ui.Label(text="Agent that you are offered first", component=_select("agent", own)))
    modal.add_item(ui.Label(text="Your name on commits", description="Beside the agent's.", component=commits))
    modal.stop()
    return modal


def _select(custom_id: str, options: list[discord.SelectOption]) -> ui.Select[ui.Modal]:
    return ui.Select[ui.Modal](custom_id=custom_id, options=options[:SELECT_OPTIONS])


def _line(custom_id: str, placeholder: str, value: str, longest: int) -> ui.TextInput[ui.Modal]:
    return ui.TextInput[ui.Modal](
        custom_id=custom_id, placeholder=placeholder, default=value or None, max_length=longest, required=False
    )


class FormValues:
    """What somebody typed and chose, by the inputs' ids."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._values: dict[str, Any] = {}
        for item in data.get("components", []):
            for child in (item.get("component"), *item.get("components", [])):
                if child is not None:
                    self._values[child["custom_id"]] = child.get("values", child.get("value"))
        self._attachments: dict[str, Any] = data.get("resolved", {}).get("attachments", {})

    def text(self, name: str) -> str:
        """A typed text; empty where nothing was typed."""
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def _list(self, name: str) -> list[str]:
        value = self._values.get(name)
        return [str(item) for item in cast("list[Any]", value)] if isinstance(value, list) else []

    def choice(self, name: str) -> str:
        """The one chosen value; empty where nothing was chosen."""
        chosen = self._list(name)
        return chosen[0] if chosen else ""

    def files(self, name: str) -> tuple[AttachedFile, ...]:
        """The uploaded files."""
        wanted = self._list(name)
        found = [self._attachments[item] for item in wanted if item in self._attachments]
        return tuple(AttachedFile(name=f["filename"], url=f["url"], size=f["size"]) for f in found)


def read_form(interaction: Interaction) -> FormValues:
    """The values of a raw submission."""
    return FormValues(cast("dict[str, Any]", interaction.data or {}))
