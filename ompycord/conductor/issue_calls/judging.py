"""Who called with a label or an assignment, and what of the issue is read: as it was at that moment."""

import json
from collections.abc import Mapping
from typing import Final

from ompycord.conductor.pull_requests.callers import Callers
from ompycord.conductor.pull_requests.issues import IssueName, Issues
from ompycord.domain.access import Person, Role
from ompycord.domain.catalog import Catalog
from ompycord.domain.issue_calls.options import IssueStarts
from ompycord.domain.issue_calls.records import CallState, IssueCall
from ompycord.domain.issues.snapshot import IssueSnapshot
from ompycord.domain.policy import Resource, is_allowed
from ompycord.domain.ports.triggers import OpenRights
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.task import TaskRequest
from ompycord.render.phrases import and_list, count

__all__ = ["CallJudge"]

_BOT: Final = "[bot]"
_EDITED: Final = "its title or text was edited after that"


class CallJudge:
    """Asks the forge; keeps nothing."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        callers: Callers,
        issues: Issues,
        rights: OpenRights,
        starts: Mapping[str, IssueStarts],
    ) -> None:
        """`starts`: what starts runs, by repository."""
        self._catalog = catalog
        self._callers = callers
        self._issues = issues
        self._rights = rights
        self._starts = starts

    async def caller(self, spec: RepositorySpec, call: IssueCall, channel: str) -> Person | None:
        """Who it is, where that person may start runs of the repository. Raises ForgeFailed.

        A person of `access.forge` has the role of then, whatever the forge says. An account that is no person's there
        may where the settings let writers; programs never.
        """
        person = self._callers.person(call.login)
        if person is not None:
            place = Resource(repository=spec.name, channel=channel or None)
            return person if is_allowed(person, "new", place) else None
        starts = self._starts.get(spec.name)
        if spec.forge is None or starts is None or not starts.writers or call.login.endswith(_BOT):
            return None
        async with self._rights(spec.forge) as forge:
            may_write = await forge.may_write(call.login)
        return Person(id="", name=call.login, role=Role.RUNNER) if may_write else None

    async def put_of(self, spec: RepositorySpec, call: IssueCall) -> str | None:
        """See `CallRights`. Raises ForgeFailed."""
        if spec.forge is None:
            return None
        async with self._rights(spec.forge) as forge:
            return await forge.put_of(call)

    async def read(self, spec: RepositorySpec, call: IssueCall) -> IssueCall:
        """The call with the text that its agent will read, ready or waiting for a person. Raises Refused."""
        known = frozenset({call.login.lower()})  # who called was judged already
        snapshot = await self._issues.read(IssueName(call.number, spec), until=call.moment, known=known)
        why = _doubts(snapshot)
        if snapshot.source.text_sha256 != call.text_sha256:
            why.append(_EDITED)
        request = self._request(spec, snapshot)
        body = {"snapshot": snapshot.model_dump(mode="json"), "request": request.typed()}
        state = CallState.WAITING if why else CallState.READY
        return call.model_copy(update={"state": state, "body": json.dumps(body), "why": and_list(why, most=6)})

    def _request(self, spec: RepositorySpec, snapshot: IssueSnapshot) -> TaskRequest:
        starts = self._starts.get(spec.name)
        agents = self._catalog.agents_for(spec)
        agent = (starts.agent if starts is not None else None) or (agents[0].name if agents else "none")
        request = TaskRequest(
            prompt=snapshot.text,
            repositories=(spec.name,),
            agent=agent,
            budget_usd=starts.budget_usd if starts is not None else None,
            issue=snapshot.source,
        )
        if starts is not None:
            request = request.model_copy(update={"mode": starts.mode})
        self._catalog.agent_of(request)  # an agent that is not there is refused before people are asked
        return request


def _doubts(snapshot: IssueSnapshot) -> list[str]:
    """What a person must see first."""
    why = [f"{count(number, kind)} hidden on the forge" for kind, number in snapshot.hidden.items()]
    if snapshot.outsiders:
        why.append(f"words of {and_list([*snapshot.outsiders], most=4)}, who is no one of the team")
    return why
