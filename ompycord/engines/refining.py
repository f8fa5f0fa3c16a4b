"""Further passes over a plan, by models that Ompycord asks itself: drafts of others, a critique, the final plan.

The step `plan` uses it where the repository's `planning` asks for it, and stores all passes before the plan is
proposed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ompycord.dialects.prompts.refinement_text import (
    CRITIQUE,
    DRAFT,
    FINAL,
    critique_text,
    draft_text,
    final_text,
)
from ompycord.domain.configuration.planning import PlanningSpec
from ompycord.domain.ports.models import ModelCall, Models, PromptMessage, PromptTemplate
from ompycord.domain.ports.trees import GITLINK, LINK, ResultTrees
from ompycord.domain.reports.findings import ReviewReport
from ompycord.domain.reports.plan import Plan
from ompycord.domain.reports.plan_faults import plan_faults
from ompycord.domain.reports.refinement import DraftPlan, Refinement, closest_draft
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ModelFailed

__all__ = ["RefinedPlan", "refined"]

_SHOWN: Final = 60_000
"""Characters of files that models are shown."""
_FILE: Final = 20_000
_TRIES: Final = 2
"""Plans whose faults go back to their model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefinedPlan:
    """What came of it."""

    plan: Plan
    passes: Refinement
    faults: tuple[str, ...] = ()
    """What is wrong with the plan where it is not valid all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What every pass is made with."""

    models: Models
    repository: RepositorySpec
    trees: ResultTrees
    about: str

    def faults(self, plan: Plan) -> tuple[str, ...]:
        checks = [check.name for check in self.repository.checks]
        return plan_faults(plan, self.trees.result, checks, protected=self.repository.protected)


async def refined(
    draft: DraftPlan, *, task: Sequence[str], planning: PlanningSpec, repository: RepositorySpec, trees: ResultTrees,
    models: Models,
) -> RefinedPlan:  # fmt: skip
    """The plan after all passes that are asked for. Raises ModelFailed, WorkspaceError."""
    checks = [check.name for check in repository.checks]
    files = await _files(trees, draft.plan)
    about = draft_text(task, checks, sorted(trees.result), files)
    work = _Work(models=models, repository=repository, trees=trees, about=about)
    drafts = [draft, *[one for model in planning.drafts if (one := await _drafted(work, model, planning)) is not None]]
    first = closest_draft(drafts)
    drafts = [drafts[first], *drafts[:first], *drafts[first + 1 :]]
    if not planning.refine:
        return RefinedPlan(plan=drafts[0].plan, passes=Refinement(drafts=tuple(drafts)))
    critic, model = _named(planning.critic, models, last=True), _named(planning.model, models)
    text = critique_text(about, drafts)
    critique = await models.fill(_call(CRITIQUE, text, critic, planning.critique_temperature), ReviewReport)
    plan, faults = await _planned(
        work, _call(FINAL, final_text(about, drafts, critique), model, planning.final_temperature)
    )
    passes = Refinement(drafts=tuple(drafts), critic=critic, critique=critique, final_by=model)
    return RefinedPlan(plan=plan, passes=passes, faults=faults)


async def _drafted(work: _Work, model: str, planning: PlanningSpec) -> DraftPlan | None:
    """A draft of this model; None for one that does not fit the repository, whatever it is told."""
    plan, faults = await _planned(work, _call(DRAFT, work.about, model, planning.draft_temperature))
    return None if faults else DraftPlan(by=model, plan=plan)


async def _planned(work: _Work, call: ModelCall) -> tuple[Plan, tuple[str, ...]]:
    """A plan, and what is still wrong with it after its model was told."""
    plan = await work.models.fill(call, Plan)
    faults = work.faults(plan)
    for _ in range(_TRIES):
        if not faults:
            break
        listed = "\n".join(f"- {fault}" for fault in faults)
        again = f"You made this plan:\n{plan.model_dump_json(indent=1)}\n\nIt is refused. Correct it:\n{listed}"
        call = call.model_copy(update={"messages": (call.messages[0], PromptMessage(text=again))})
        plan = await work.models.fill(call, Plan)
        faults = work.faults(plan)
    return plan, faults


def _call(template: PromptTemplate, text: str, model: str, temperature: float) -> ModelCall:
    return ModelCall(template=template, messages=(PromptMessage(text=text),), model=model, temperature=temperature)


def _named(model: str | None, models: Models, *, last: bool = False) -> str:
    if model is None and not models.names:
        raise ModelFailed("No model is named for planning. Name one in planning of the repository, or in a provider.")
    return model or models.names[-1 if last else 0]


async def _files(trees: ResultTrees, plan: Plan) -> Mapping[str, str]:
    """The files that the draft names, as far as they are text and there is room."""
    wanted = [path for file in plan.files if (path := file.path) in trees.result]
    blobs = {path: trees.result[path].blob for path in wanted if trees.result[path].mode not in {LINK, GITLINK}}
    content = await trees.read(set(blobs.values()))
    shown: dict[str, str] = {}
    room = _SHOWN
    for path, blob in blobs.items():
        raw = content.get(blob)
        if raw is None or b"\0" in raw or room <= 0:
            continue
        shown[path] = raw.decode("utf-8", "replace")[: min(_FILE, room)]
        room -= len(shown[path])
    return shown
