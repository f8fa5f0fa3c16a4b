"""`/omp mine`: the questions, approvals and plans that wait for you, over all channels of this server, oldest first."""

from collections.abc import Iterator

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.bot.run_view import Request, RunView, asked_at, ref_of
from ompycord.domain.access import Person
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.reports import Proposal
from ompycord.domain.folds.shown_requests import Approval, risk_of, shown_hash
from ompycord.domain.folds.snapshot import Question
from ompycord.domain.ids import RunId
from ompycord.domain.policy import Circumstances, is_allowed, resource_of
from ompycord.domain.ports import RunFilter
from ompycord.domain.secret_requests.givers import giving_rule
from ompycord.render.approvals.waiting import WaitingFor, waiting_text

__all__ = ["mine_feature"]

_RUNS = 200
"""Open runs of a server that are looked through; more than `limits.open_per_guild` allows by default."""


def mine_feature(context: BotContext) -> Feature:
    """The command."""

    @slash_command(name="mine", description="What waits for you in all channels: questions, approvals, plans.")
    async def mine(interaction: Interaction) -> None:
        await defer(interaction)
        person = context.person(interaction)
        records = await context.find(interaction, RunFilter(is_open=True, limit=_RUNS))
        views = await context.renderer.views([RunId(record.id) for record in records])
        found = [one for view in views.values() for one in _waiting(context, view, person)]
        await send_privately(interaction, waiting_text(found, context.sanitizer))

    return Feature(commands=(mine,))


def _waiting(context: BotContext, view: RunView, person: Person) -> Iterator[WaitingFor]:
    """What of a run this person may decide."""
    snapshot = view.snapshot
    plan = () if snapshot.open_proposal is None else (snapshot.open_proposal,)
    for request in (*snapshot.open_approvals, *snapshot.open_questions, *plan):
        if not _may_decide(context.catalog, view, request, person):
            continue
        there = asked_at(view.surfaces, ref_of(request))
        yield WaitingFor(
            what=_what(request),
            text=_text(request),
            run=snapshot.title or snapshot.prompt,
            repository=snapshot.repository,
            asked_at=request.asked_at,
            url=context.renderer.url(view.record.guild, there.channel, there.message) if there is not None else None,
        )


def _may_decide(catalog: Catalog, view: RunView, request: Request, person: Person) -> bool:
    """Whether this person is one of those who decide, and has not done so."""
    record = view.record
    if isinstance(request, Question) and request.secret is not None:
        rule = giving_rule(catalog, record)
        return is_allowed(person, "approve", resource_of(record), Circumstances(rule=rule))
    if isinstance(request, Question):
        return is_allowed(person, "answer", resource_of(record))
    if isinstance(request, Proposal):
        return is_allowed(person, "approve", resource_of(record), Circumstances(two_person=catalog.needs_two(record)))
    rule = catalog.rule_of(record, risk_of(request).risk)
    has_voted = any((vote.person, vote.shown) == (person.id, shown_hash(request)) for vote in request.votes)
    return not has_voted and is_allowed(person, "approve", resource_of(record), Circumstances(rule=rule))


def _what(request: Request) -> str:
    if isinstance(request, Approval):
        return risk_of(request).risk.word
    if isinstance(request, Question):
        return "question" if request.secret is None else "secret"
    return "plan"


def _text(request: Request) -> str:
    if isinstance(request, Approval):
        return request.title
    return request.text if isinstance(request, Question) else request.plan.summary
