"""The effects that `advance` may request, and the order to perform one, as an engine gets it.

Counterpart of the `effects` journal and of `engines/`. Keys contain the iteration, so a step that is done again is
another row (docs/contracts/runs.md, *Journal*).
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ompycord.domain.base import Frozen, Name
from ompycord.domain.ids import RunId, Ulid

__all__ = [
    "EFFECTS",
    "AnswerQuestion",
    "CheckLinks",
    "CleanUp",
    "Collect",
    "CollectRepair",
    "Effect",
    "PlanAgent",
    "PrepareWorkspace",
    "Publish",
    "PutOnMovedBase",
    "RepairAgent",
    "ReviewResult",
    "RollBack",
    "RunAgent",
    "RunChecks",
    "SetUp",
    "StepOrder",
    "StopAgent",
    "effect_key",
    "effect_name",
]


class PrepareWorkspace(Frozen):
    """Clone the repository for this iteration.

    An earlier clone of the run is discarded first.
    """

    type: Literal["prepare"] = "prepare"
    iteration: int


class SetUp(Frozen):
    """Make the dependencies of the repository ready, or take those that are kept."""

    type: Literal["setup"] = "setup"
    iteration: int


class PlanAgent(Frozen):
    """Start the agent in a copy that it cannot change, and take a plan from what it says."""

    type: Literal["plan"] = "plan"
    iteration: int


class AnswerQuestion(Frozen):
    """Start the agent in a copy that it cannot change, and take its answer."""

    type: Literal["answer"] = "answer"
    iteration: int


class CheckLinks(Frozen):
    """Open every link of an answer, and strike those that lead nowhere."""

    type: Literal["links"] = "links"
    iteration: int


class ReviewResult(Frozen):
    """Start another agent in a copy of the result that it cannot change, and take its findings."""

    type: Literal["review"] = "review"
    iteration: int


class RunAgent(Frozen):
    """Start the agent in the workspace and take its events until it ends."""

    type: Literal["build"] = "build"
    iteration: int


class Collect(Frozen):
    """Bring the agent's result out of the workspace as a bundle, and list what changed."""

    type: Literal["collect"] = "collect"
    iteration: int


class RunChecks(Frozen):
    """Run the repository's checks on the collected tree; we time them and parse their results."""

    type: Literal["checks"] = "checks"
    iteration: int


class RepairAgent(Frozen):
    """Start the agent again in the workspace, with what failed, and take its events until it ends."""

    type: Literal["repair"] = "repair"
    iteration: int


class CollectRepair(Frozen):
    """Bring the repaired result out of the workspace, and tell which one it is."""

    type: Literal["recollect"] = "recollect"
    iteration: int


class RollBack(Frozen):
    """Make the clone anew with the result of an earlier round."""

    type: Literal["rollback"] = "rollback"
    iteration: int


class Publish(Frozen):
    """Put the result on a branch of the repository; the base branch is never touched."""

    type: Literal["publish"] = "publish"
    iteration: int


class PutOnMovedBase(Frozen):
    """Put the result on the base as its forge has it now, where that has moved."""

    type: Literal["rebase"] = "rebase"
    iteration: int


class StopAgent(Frozen):
    """Stop whatever runs for this run: ask it to end, then kill it."""

    type: Literal["stop"] = "stop"
    iteration: int


class CleanUp(Frozen):
    """Give back what the run occupied: its clone and its key. Its branch and its record stay."""

    type: Literal["cleanup"] = "cleanup"
    iteration: int


Effect = (
    PrepareWorkspace
    | SetUp
    | PlanAgent
    | RunAgent
    | Collect
    | RunChecks
    | RepairAgent
    | CollectRepair
    | RollBack
    | ReviewResult
    | Publish
    | PutOnMovedBase
    | AnswerQuestion
    | CheckLinks
    | StopAgent
    | CleanUp
)
EFFECTS: TypeAdapter[Effect] = TypeAdapter(Annotated[Effect, Field(discriminator="type")])


def effect_key(effect: Effect) -> str:
    """`<type>:<iteration>`: unique within a run."""
    return f"{effect.type}:{effect.iteration}"


def effect_name(kind: type[Effect]) -> str:
    """The stored name of a kind of effect: the first part of its keys."""
    return str(kind.model_fields["type"].default)


class StepOrder(Frozen):
    """One attempt at one effect: all that an engine gets, as a value that travels to another process or machine.

    It names its inputs and contains none of them.
    """

    run: RunId
    key: Name
    """The effect's key, `<step>:<iteration>`, unique in the run."""
    effect: Annotated[Effect, Field(discriminator="type")]
    task: Ulid
    """The run whose prompt, repository and agent the step uses; they are read where the step is done."""
    attempt: Annotated[int, Field(ge=1)] = 1
    """Counts starts under this key."""
    lease_epoch: Annotated[int, Field(ge=0)] = 0
    """Counts starts in this run; a result of an older epoch than the run's is refused (`StaleResult`)."""
