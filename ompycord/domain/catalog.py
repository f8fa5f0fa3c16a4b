"""What configuration offers: repositories and agents by name.

The only way from a name to a path, an address or a command.
"""

from collections.abc import Callable
from typing import Annotated, Final

from pydantic import Field, SerializeAsAny

from ompycord.domain.base import Frozen
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import AgentSpec, OwnName, RepositorySpec, Rounds
from ompycord.domain.risk.classes import RiskClass
from ompycord.domain.risk.deciders import ApprovalRules, DecisionRule, rule_for
from ompycord.domain.risk.overrides import RiskSpec
from ompycord.domain.run import RunRecord
from ompycord.domain.task import TaskRequest
from ompycord.errors import Refused

__all__ = ["NATIVE", "Catalog", "Limits", "Reviewer", "RunChannels"]


Count = Annotated[int, Field(ge=1, le=10_000)]


class Limits(Frozen):
    """How much may run or wait at the same time (docs/contracts/runs.md, *Open runs*)."""

    open_per_person: Count = 5
    open_per_channel: Count = 10
    open_per_guild: Count = 20
    parallel_runs: Annotated[int, Field(ge=1, le=1000)] = 2
    """Hosted runs that work at the same time; others wait in line. A run that waits for a person does not count."""
    waiting_runs: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Agents that stay alive while they wait for a person; by default four times `parallel_runs`.

    Beyond it the one that waits longest is suspended in its session.
    """

    run_tokens: Annotated[int, Field(ge=1, le=2**53)] | None = None
    """The most tokens that a run may use, where Ompycord asks the models; it needs no price."""
    max_iterations: Rounds = 3
    """Rounds of work and verification of a run; while checks fail, its agent repairs until none is left."""
    ask_budget_usd: Annotated[float, Field(gt=0, le=10_000)] = 0.5
    """US dollars that an answer may cost (mode ask), where its person named no budget."""
    ask_minutes: Annotated[float, Field(gt=0, le=240)] = 10
    """Minutes that an answer may take."""

    @property
    def most_waiting(self) -> int:
        """`waiting_runs`, or its default."""
        return 4 * self.parallel_runs if self.waiting_runs is None else self.waiting_runs


class Reviewer(Frozen):
    """An agent that reads a result."""

    spec: SerializeAsAny[AgentSpec]
    model: OwnName | None = None
    is_second: bool = True
    """Whether it is another agent, or another model, than the one that made the result."""


NATIVE: Final = "native"
"""The kind of the agent that is a part of Ompycord."""


def _always(spec: AgentSpec) -> bool:
    return True


class Catalog(Frozen):
    """Repositories and agents, in the order in which configuration names them."""

    repositories: tuple[RepositorySpec, ...] = ()
    agents: tuple[SerializeAsAny[AgentSpec], ...] = ()
    limits: Limits = Limits()
    approvals: ApprovalRules = ApprovalRules()
    is_solo: bool = False
    """Whether one person decides on everything (`profile: solo`)."""

    def rule_of(self, record: RunRecord, risk: RiskClass) -> DecisionRule:
        """Who decides on a class of what the agent of a run asks, as it is configured now."""
        return self.rule_in(record.repository, risk)

    def rule_in(self, repository: str | None, risk: RiskClass) -> DecisionRule:
        """The same by a repository's name; by the general rules where it is not configured."""
        spec = next((one for one in self.repositories if one.name == repository), None)
        layers = (self.approvals,) if spec is None else (self.approvals, spec.approvals)
        return rule_for(risk, layers, two_person=spec is not None and spec.two_person, is_solo=self.is_solo)

    def risk_of(self, repository: str | None) -> RiskSpec:
        """What a repository sets about the risk of commands."""
        return next((one.risk for one in self.repositories if one.name == repository), RiskSpec())

    def repository(self, name: str) -> RepositorySpec:
        """The repository of this name. Raises Refused, which lists the names there are."""
        for spec in self.repositories:
            if spec.name == name:
                return spec
        known = ", ".join(spec.name for spec in self.repositories) or "none is configured"
        raise Refused(RefusalCode.UNKNOWN_REPOSITORY, name=repr(name[:64]), known=known)

    def agent(self, name: str, *, repository: RepositorySpec) -> AgentSpec:
        """The agent of this name. Raises Refused when there is none, or when this repository does not allow it."""
        allowed = self.agents_for(repository)
        for spec in allowed:
            if spec.name == name:
                return spec
        known = ", ".join(spec.name for spec in allowed) or "none is configured"
        raise Refused(RefusalCode.UNKNOWN_AGENT, name=repr(name[:64]), repository=repository.name, known=known)

    def agent_of(self, request: TaskRequest) -> AgentSpec:
        """The agent that a request names, which takes the request's model.

        Raises Refused for an unknown repository or agent, and for a model that this agent does not take.
        """
        spec = self.agent(request.agent, repository=self.repository(request.repository))
        if request.model is None:
            return spec
        if not spec.takes_model:
            raise Refused(RefusalCode.TAKES_NO_MODEL, agent=spec.name)
        if spec.models and request.model not in spec.models:
            known = ", ".join(spec.models)
            raise Refused(RefusalCode.MODEL_NOT_OFFERED, agent=spec.name, model=repr(request.model), known=known)
        return spec

    def agents_for(self, repository: RepositorySpec) -> tuple[AgentSpec, ...]:
        """The agents allowed in a repository."""
        return tuple(spec for spec in self.agents if not repository.agents or spec.name in repository.agents)

    def rounds_of(self, repository: str) -> int:
        """The rounds that a run of this repository may take."""
        spec = next((one for one in self.repositories if one.name == repository), None)
        own = spec.max_iterations if spec is not None else None
        return self.limits.max_iterations if own is None else own

    def reviewer_of(
        self, task: TaskRequest, repository: RepositorySpec, *, can_run: Callable[[AgentSpec], bool] = _always
    ) -> Reviewer:
        """Who reads the result of a task. Raises Refused where the configured reviewer is not allowed there.

        Left out it is another agent that `can_run` here, the built-in one last, else the one that made the result.
        """
        wanted, model = repository.reviewer.agent, repository.reviewer.model
        if wanted is not None:
            spec = self.agent(wanted, repository=repository)
            return Reviewer(spec=spec, model=model, is_second=wanted != task.agent or model not in {None, task.model})
        own = self.agent(task.agent, repository=repository)
        others = [spec for spec in self.agents_for(repository) if spec.name != task.agent and can_run(spec)]
        if others and model is None:
            return Reviewer(spec=min(others, key=lambda spec: spec.kind == NATIVE))
        models = [name for name in own.models if name != task.model]
        chosen = model or (models[0] if models and own.takes_model and task.model is not None else None)
        return Reviewer(spec=own, model=chosen or task.model, is_second=chosen not in {None, task.model})

    def needs_two(self, record: RunRecord) -> bool:
        """Whether a person other than the requester must approve what a run's agent asks, as it is configured now."""
        return any(spec.two_person for spec in self.repositories if spec.name == record.repository)

    def remote_of(self, record: RunRecord) -> str | None:
        """`RepositorySpec.remote` of a run's repository; None where the configuration does not list it."""
        return next((spec.remote for spec in self.repositories if spec.name == record.repository), None)

    def preset(self, channel: str | None) -> RepositorySpec | None:
        """The repository bound to a channel, or the only one there is."""
        for spec in self.repositories:
            if channel is not None and spec.channel == channel:
                return spec
        return self.repositories[0] if len(self.repositories) == 1 else None

    @property
    def usual(self) -> RepositorySpec | None:
        """The first repository that is bound to no channel: meant where nobody can be asked for one."""
        return next((spec for spec in self.repositories if spec.channel is None), None)


class RunChannels(Frozen):
    """Where runs that name no channel of their own are shown."""

    home: str | None = None
    of_repositories: dict[str, str] = Field(default_factory=dict[str, str])

    def channel_of(self, record: RunRecord) -> str | None:
        """The channel of the run's repository, else the home channel; None where there is neither."""
        return self.of_repositories.get(record.repository or "") or self.home
