"""The form of a new task: its choices are valid for every repository that can be chosen in it; and of one to run again.

Counterparts: `commands/new.py` and `commands/retry.py`.
"""

import discord
from discord import ui

from ompycord.bot.interactions.forms import DESCRIPTION
from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import BRANCH_LIMIT, RepositorySpec
from ompycord.domain.task import DONE_WHEN_LIMIT, MOST_FILES, PROMPT_LIMIT, Mode, TaskRequest
from ompycord.errors import RefusedInWords
from ompycord.text import cut
from ompycord.text.limits import MODAL_INPUT_VALUE, MODAL_TITLE, SELECT_OPTIONS

__all__ = ["MODES", "TYPED_PROMPT", "again_form", "task_form"]

TYPED_PROMPT = min(PROMPT_LIMIT, MODAL_INPUT_VALUE)
"""Characters of a prompt that the form takes."""

MODES: dict[Mode, str] = {
    Mode.STANDARD: "build, checks, repair",
    Mode.FULL: "plan, build, checks, repair, review",
    Mode.FAST: "no checks",
    Mode.ASK: "nothing is changed",
}
"""Modes that can be chosen, with what they do."""

_FILES = min(MOST_FILES, 5)
_PLACEHOLDER = "The cart total ignores the discount when… Fix it and add a test."


def task_form(
    *,
    custom_id: str,
    channel: str,
    catalog: Catalog,
    repository: RepositorySpec | None,
    agent: str | None = None,
    mode: Mode = Mode.STANDARD,
    prompt: str = "",
    forecast: str = "",
) -> ui.Modal:
    """A new task (docs/contracts/commands-and-buttons.md, *The form*). Raises Refused where nothing can be chosen.

    `forecast`: what tasks like the preset one cost and took.
    """
    repositories = _first(repository, catalog.repositories)
    agents = _offered(catalog, repositories)
    if not repositories or not agents:
        what = "repository" if not repositories else "agent"
        raise RefusedInWords(f"No {what} is configured, so no run can start. An admin names one in `ompycord.yml`.")
    modal = ui.Modal(title=cut(f"New task in #{channel}", MODAL_TITLE), custom_id=custom_id, timeout=None)
    task = ui.TextInput[ui.Modal](
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        placeholder=_PLACEHOLDER,
        default=prompt[:TYPED_PROMPT] or None,
        max_length=TYPED_PROMPT,
        required=False,  # a file may hold the task; emptiness is refused with words of ours
    )
    done = ui.TextInput[ui.Modal](custom_id="done", max_length=min(DONE_WHEN_LIMIT, MODAL_INPUT_VALUE), required=False)
    files = ui.FileUpload[ui.Modal](custom_id="files", required=False, min_values=0, max_values=_FILES)
    modal.add_item(ui.Label(text="What should be done?", component=task))
    modal.add_item(ui.Label(text="Repository", component=_repository_select(repositories)))
    about = cut(f"{forecast[:1].upper()}{forecast[1:]}", DESCRIPTION) or None
    modal.add_item(ui.Label(text="Agent and mode", description=about, component=_mode_select(agents, agent, mode)))
    modal.add_item(
        ui.Label(
            text="Acceptance criteria (optional)",
            description=cut(_always_run(repositories), DESCRIPTION),
            component=done,
        )
    )
    modal.add_item(
        ui.Label(
            text="Files",
            description="Text files are added to the task; others are placed next to the code.",
            component=files,
        )
    )
    modal.stop()
    return modal


def again_form(
    *, custom_id: str, title: str, catalog: Catalog, repository: RepositorySpec, task: TaskRequest, is_base_first: bool
) -> ui.Modal:
    """The task of a run that has ended, to change and run again. Raises Refused where no agent can be chosen.

    A prompt that is longer than a form takes stays as it was, and what is typed is added to it. A follow-up has no base
    to choose. `is_base_first`: its base was not there.
    """
    agents = _offered(catalog, (repository,))
    if not agents:
        raise RefusedInWords(f"No agent is configured for {repository.name}, so nothing can run there.")
    modal = ui.Modal(title=cut(title, MODAL_TITLE), custom_id=custom_id, timeout=None)
    is_long = len(task.prompt) > TYPED_PROMPT
    prompt = ui.TextInput[ui.Modal](
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        default=None if is_long else task.prompt,
        max_length=TYPED_PROMPT,
        required=not is_long,
    )
    label = "Add to the task" if is_long else "What should be done?"
    about = "The task is longer than a form takes; it stays as it was." if is_long else None
    inputs: list[ui.Label[ui.Modal]] = [ui.Label(text=label, description=about, component=prompt)]
    if task.follows is None:
        base = ui.TextInput[ui.Modal](
            custom_id="base",
            default=task.branch,
            placeholder=repository.base,
            max_length=BRANCH_LIMIT,
            required=is_base_first,
        )
        field = ui.Label[ui.Modal](text="Base branch", component=base)
        inputs = [field, *inputs] if is_base_first else [*inputs, field]
    done = ui.TextInput[ui.Modal](
        custom_id="done", default=task.done_when, max_length=min(DONE_WHEN_LIMIT, MODAL_INPUT_VALUE), required=False
    )
    inputs += [
        ui.Label(text="Agent and mode", component=_mode_select(agents, task.agent, task.mode)),
        ui.Label(text="Acceptance criteria (optional)", component=done),
    ]
    for one in inputs:
        modal.add_item(one)
    modal.stop()
    return modal


def _first(chosen: RepositorySpec | None, known: tuple[RepositorySpec, ...]) -> tuple[RepositorySpec, ...]:
    """The preset first."""
    rest = tuple(spec for spec in known if chosen is None or spec.name != chosen.name)
    return ((chosen, *rest) if chosen else rest)[:SELECT_OPTIONS]


def _offered(catalog: Catalog, repositories: tuple[RepositorySpec, ...]) -> list[str]:
    """Agents allowed in any of the repositories, the first one's first: the form cannot adapt to the chosen one."""
    return list(dict.fromkeys(agent.name for spec in repositories for agent in catalog.agents_for(spec)))


def _always_run(repositories: tuple[RepositorySpec, ...]) -> str:
    """The checks that always run, for the one repository or for any that is chosen."""
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
            label=cut(f"{name} · {mode_name}: {text}", DESCRIPTION),
            value=f"{name}|{mode_name}",
            default=(name, mode_name) == wanted,
        )
        for name in agents
        for mode_name, text in MODES.items()
        if mode_name is not Mode.ASK
    ]
    answer = discord.SelectOption(
        label=cut(f"Just answer · {wanted[0]}: {MODES[Mode.ASK]}", DESCRIPTION),
        value=f"{wanted[0]}|{Mode.ASK}",
        default=wanted[1] is Mode.ASK,
    )
    return ui.Select[ui.Modal](custom_id="care", options=[*options[: SELECT_OPTIONS - 1], answer])
