"""`/omp new` and `/omp ask`: start a run from a prompt, a file or the form; and what the submitted form becomes."""

import asyncio
from typing import Final, Literal

import discord
from discord import app_commands
from pydantic import ValidationError

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Command, Feature, slash_command
from ompycord.bot.flow import Flow, FlowStep, Signal, advance
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.drafts import DraftBody, attached_files
from ompycord.bot.interactions.forms import read_form
from ompycord.bot.interactions.issues import IssueTasks
from ompycord.bot.interactions.replies import give_back, show_form
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.bot.interactions.task_form import MODES, TYPED_PROMPT, task_form
from ompycord.bot.rest import SendFailed
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import DraftId
from ompycord.domain.records import Draft
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import BRANCH_LIMIT, AgentSpec, RepositorySpec
from ompycord.domain.task import LEAST_BUDGET_USD, MOST_BUDGET_USD, MOST_FILES, PROMPT_LIMIT, Mode
from ompycord.errors import OmpycordError, Refused, RefusedInWords, StorageError
from ompycord.render.message import message
from ompycord.render.notices import repository_missing
from ompycord.render.reports.forecast import forecast_words
from ompycord.telemetry import get_logger
from ompycord.text.limits import CHOICE, COMMAND_TEXT

__all__ = ["NewRun", "new_feature"]

ModeName = Literal["fast", "standard", "full"]
Text = app_commands.Range[str, 1, min(PROMPT_LIMIT, COMMAND_TEXT)]
Name = app_commands.Range[str, 1, CHOICE]

_BESIDE_FORM: Final = ("branch", "budget_usd", "model", "record", "refine")
"""Fields of a task that the form has no input for."""
_FORECAST_S: Final = 1.0
"""A form must be shown within three seconds."""

log = get_logger(__name__)


def new_feature(context: BotContext) -> Feature:
    """The command, the entry in the menu of every message, the form, and the *Try again* of a kept text."""
    new_run, choices = NewRun(context), Choices(context)

    @slash_command(name="new", description="Start a run. Without a prompt a form opens.")
    @app_commands.describe(
        prompt="What should be done; a longer task goes into a file",
        repository="Where; this channel's repository if left out",
        agent="Who does it",
        mode="Mode: standard runs the checks and repairs, full adds plan and review, fast runs no checks",
        branch="The branch to start from",
        budget="US dollars at most",
        model="The agent's model, as the agent names it",
        issue="An issue of its forge as the task: #12 or a link. Shown to you first",
        record="Keep what its agent asks models, to run it again without a model",
        refine="Let models refine the task first: a draft, its critique, the final text",
        file=f"Text that holds or completes the task (up to {PROMPT_LIMIT:,} characters), or something to look at",
    )
    @app_commands.autocomplete(repository=choices.repositories, agent=choices.agents, model=choices.models)
    async def new(
        interaction: Interaction,
        prompt: Text | None = None,
        repository: Name | None = None,
        agent: Name | None = None,
        mode: ModeName | None = None,
        branch: app_commands.Range[str, 1, BRANCH_LIMIT] | None = None,
        budget: app_commands.Range[float, LEAST_BUDGET_USD, float(MOST_BUDGET_USD)] | None = None,
        model: Name | None = None,
        issue: app_commands.Range[str, 1, 300] | None = None,
        record: bool | None = None,
        refine: bool | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        files = attached_files([file] if file else [])
        typed = {
            "repository": repository,
            "agent": agent,
            "mode": mode,
            "branch": branch,
            "budget_usd": budget,
            "model": model,
            "record": record,
            "refine": refine,
        }
        known = {name: value for name, value in typed.items() if value is not None}
        body = DraftBody(
            typed={"prompt": (prompt or "").strip(), **known}, files=files, shown_in=context.shown_in(interaction)
        )
        if issue is not None or (prompt is not None and context.pull_requests.issues.linked(prompt) is not None):
            await new_run.from_issue(interaction, body, issue)
            return
        await new_run.command(interaction, body)

    async def chosen(interaction: Interaction, message: discord.Message) -> None:
        await new_run.from_message(interaction, message)

    return Feature(
        commands=(new, _ask_command(context, new_run, choices)),
        menus=(app_commands.ContextMenu(name="Run as task", callback=chosen),),
        components={"draft": new_run.start_draft, "issuego": new_run.issues.start},
        forms={"form": new_run.submitted},
        role=Role.RUNNER,
    )


def _ask_command(context: BotContext, new_run: "NewRun", choices: Choices) -> Command:
    @slash_command(name="ask", description="Ask about the code. An answer with links; nothing is changed.")
    @app_commands.describe(
        text="The question",
        repository="Where; this channel's repository if left out",
        agent="Who answers",
        model="The agent's model, as the agent names it",
    )
    @app_commands.autocomplete(repository=choices.repositories, agent=choices.agents, model=choices.models)
    async def ask(
        interaction: Interaction,
        text: Text | None = None,
        repository: Name | None = None,
        agent: Name | None = None,
        model: Name | None = None,
    ) -> None:
        typed = {"repository": repository, "agent": agent, "model": model, "mode": Mode.ASK}
        known = {name: value for name, value in typed.items() if value is not None}
        body = DraftBody(typed={"prompt": (text or "").strip(), **known}, shown_in=context.shown_in(interaction))
        await new_run.command(interaction, body)

    return ask


class NewRun:
    """From typed text, a message or a form to a run, or to the form; for each command that starts one."""

    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._submissions = SubmissionService(context)
        self.issues = IssueTasks(context)

    async def from_issue(self, interaction: Interaction, body: DraftBody, issue: str | None) -> None:
        """Show what an agent would read of an issue. Without `issue` the whole prompt is a link to one."""
        person = self.permitted(interaction)
        usual = self._repository(interaction, body.text("repository"))
        usual_name = usual.name if usual is not None else None
        name = self._context.pull_requests.issues.named(issue or body.text("prompt"), usual_name)
        words = body.text("prompt") if issue is not None else ""
        agent = self._agent(name.repository, body.text("agent"), await self._context.favourite(person))
        whole = body.completed(prompt=words, repository=name.repository.name, agent=agent.name)
        self._context.catalog.agent_of(whole.request(words or "the issue"))
        await self.issues.show(interaction, person, whole.model_copy(update={"files": ()}), name)

    async def from_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Open the form of *Run as task* with a message in it; its files wait in the draft.

        The message comes with the click, with or without the content intent.
        """
        files = attached_files(message.attachments)
        body = DraftBody(
            typed={"prompt": message.content.strip()}, files=files, shown_in=self._context.shown_in(interaction)
        )
        if not body.text("prompt") and not files:
            raise RefusedInWords("That message has no text and no file, so there is nothing to run.")
        person = self.permitted(interaction)
        await self.open_form(interaction, person, body, await self._context.favourite(person))

    async def command(self, interaction: Interaction, body: DraftBody) -> None:
        person = self.permitted(interaction)
        favourite = await self._context.favourite(person)
        try:
            whole = self._whole(interaction, body, favourite) if body.text("prompt") or body.files else None
            if whole is None:
                await self.open_form(interaction, person, body, favourite)
                return
        except (OmpycordError, ValidationError) as refused:
            await give_back(interaction, refused, body.text("prompt"))
            return
        draft = self._submissions.draft_of(interaction, person, whole, draft_id=self._context.ids.ulid())
        await self._submissions.take(interaction, person, draft, flow=Flow.IDLE)

    def _whole(self, interaction: Interaction, body: DraftBody, favourite: str | None) -> DraftBody | None:
        """The whole task; None where the form must ask for the repository. Raises Refused, ValidationError."""
        whole = self.placed(interaction, body, favourite)
        if not whole.text("repository"):
            if body.files or len(body.text("prompt")) > TYPED_PROMPT:
                raise RefusedInWords(repository_missing())
            return None
        self._check(whole)
        return whole

    def placed(self, interaction: Interaction, body: DraftBody, favourite: str | None) -> DraftBody:
        """With the repository that is meant here, and the person's agent in it; as it is where none is meant."""
        repository = self._repository(interaction, body.text("repository"))
        if repository is None:
            return body
        agent = self._agent(repository, body.text("agent"), favourite)
        return body.completed(repository=repository.name, agent=agent.name)

    def draft_of(self, interaction: Interaction, person: Person, body: DraftBody) -> Draft:
        """A new draft of it, not yet stored."""
        return self._submissions.draft_of(interaction, person, body, draft_id=self._context.ids.ulid())

    def _check(self, body: DraftBody) -> None:
        """Refuse now what submitting would refuse. Raises Refused, ValidationError."""
        prompt = body.text("prompt").strip()
        if not prompt and not body.files:
            raise RefusedInWords("The task is empty, so nothing ran. Say what to do, or attach a text file.")
        self._context.catalog.agent_of(body.request(prompt or "from the file"))

    def permitted(self, interaction: Interaction) -> Person:
        """Who acts, where that person may start runs of some repository from this channel."""
        context = self._context
        person, channel = context.person(interaction), context.channel_of(interaction)
        known = [spec.name for spec in context.catalog.repositories]
        if not any(context.may_start_in(person, name, channel) for name in known or [""]):
            raise Refused(RefusalCode.WATCH_ONLY, who="an admin", needs=Role.RUNNER.word)
        return person

    def _repository(self, interaction: Interaction, name: str) -> RepositorySpec | None:
        """The named repository, else the channel's. Raises Refused for one that is not there for this person."""
        context, channel = self._context, self._context.channel_of(interaction)
        person = context.person(interaction)
        found = context.repository_for(person, name) if name else context.catalog.preset(channel)
        if found is not None and not context.may_start_in(person, found.name, channel):
            raise Refused(RefusalCode.WATCH_ONLY, who="an admin", needs=Role.RUNNER.word)
        return found

    def _agent(self, repository: RepositorySpec, name: str, favourite: str | None) -> AgentSpec:
        """The named agent, else the person's own where it is allowed here, else the first. Raises Refused."""
        catalog = self._context.catalog
        if name:
            return catalog.agent(name, repository=repository)
        return self._context.usual_agent(repository, favourite)

    # -- the form ----------------------------------------------------------------------------------------------------

    async def open_form(
        self,
        interaction: Interaction,
        person: Person,
        body: DraftBody,
        favourite: str | None,
        *,
        draft_id: str | None = None,
    ) -> None:
        """Open the form, which must be the first answer. What its five inputs do not hold waits in the draft.

        `draft_id`: that of the stored draft which it changes.
        """
        draft_id = draft_id or self._context.ids.ulid()
        flow, step = advance(Flow.IDLE, Signal.FORM_WANTED)
        assert step is FlowStep.OPEN_FORM, flow
        here = self._context.channel_of(interaction)
        offered = [
            spec for spec in self._context.catalog.repositories
            if self._context.may_start_in(person, spec.name, here)
        ]  # fmt: skip
        catalog = self._context.catalog.model_copy(update={"repositories": tuple(offered)})
        channel = getattr(interaction.channel, "name", None) or "this channel"
        modal = task_form(
            custom_id=self._context.signer.sign("form", draft_id),
            channel=str(channel),
            catalog=catalog,
            repository=self._repository(interaction, body.text("repository")),
            agent=body.text("agent") or favourite,
            mode=Mode(body.text("mode") or Mode.STANDARD),
            prompt=body.text("prompt"),
            forecast=await self._forecast(interaction, body, favourite),
        )
        if any(body.text(name) for name in _BESIDE_FORM) or body.files:
            kept = self._submissions.draft_of(interaction, person, body, draft_id=draft_id)
            await self._context.store.drafts.save_draft(kept)
        await show_form(interaction, modal)

    async def _forecast(self, interaction: Interaction, body: DraftBody, favourite: str | None) -> str:
        """What tasks like the one that the form shows first cost and took; the form does not wait long for it."""
        repository = self._repository(interaction, body.text("repository"))
        if repository is None:
            return ""
        agent = self._agent(repository, body.text("agent"), favourite).name
        mode = Mode(body.text("mode") or Mode.STANDARD)
        try:
            async with asyncio.timeout(_FORECAST_S):
                found = await self._context.lookups.forecast(str(interaction.guild_id), repository.name, agent, mode)
        except (TimeoutError, StorageError):
            return ""
        return forecast_words(found)

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Take the submitted form, perhaps in another process than the one that opened it."""
        values = read_form(interaction)
        agent, _, mode = values.choice("care").partition("|")
        prompt = values.text("prompt").strip()
        try:
            self.permitted(interaction)
            before = await self._before(component.ref, person)
            body = DraftBody(
                typed={
                    **(before.typed if before else {}),
                    "prompt": prompt,
                    "repository": values.choice("repo"),
                    "agent": agent,
                    "mode": mode if mode in MODES else Mode.STANDARD,
                    "done_when": values.text("done").strip() or None,
                },
                files=(*(before.files if before else ()), *values.files("files"))[:MOST_FILES],
                shown_in=self._context.shown_in(interaction),
            )
            self._check(body)
        except (OmpycordError, ValidationError) as refused:  # StorageError too: nothing is on disk yet
            await give_back(interaction, refused, prompt)
            return
        draft = self._submissions.draft_of(interaction, person, body, draft_id=component.ref)
        await self._submissions.take(interaction, person, draft, flow=Flow.MODAL_OPEN)

    async def _before(self, draft_id: str, person: Person) -> DraftBody | None:
        """Branch, budget and files of what opened the form. Raises Refused for the form of another person."""
        kept = await self._context.store.drafts.draft(draft_id)
        if kept is None:
            return None
        if kept.person != person.id:
            raise RefusedInWords("That form was opened for another person. `/omp new` opens one for you.")
        return DraftBody.of(kept)

    # -- Try again --------------------------------------------------------------------------------------------------

    async def start_draft(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """The *Try again* button of a kept text."""
        draft = await self._context.store.drafts.draft(component.ref)
        if draft is None or "prompt" not in draft.body:
            raise RefusedInWords("That text has expired, so no run can start. Send it again with `/omp new`.")
        if draft.person != person.id:
            raise RefusedInWords("Only the author of that text can start it.")
        message_of_ours = interaction.message
        record = await self._submissions.resume(interaction, person, draft)
        is_public = message_of_ours is not None and not message_of_ours.flags.ephemeral
        if record is not None and message_of_ours is not None and is_public:
            words = reply_texts.started_by(person.name, DraftId(record.id), self._context.sanitizer)
            closed = message(words, sign=self._context.signer.button)
            try:
                await self._context.rest.edit(str(message_of_ours.channel.id), str(message_of_ours.id), closed)
            except SendFailed as failed:  # the run started, as the reply tells; the button starts no second one
                log.info("resume.not_closed", run=record.id, cause=str(failed))
