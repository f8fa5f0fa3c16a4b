"""An issue of a forge as a task: found by what a person typed, read once, compared again when it is started."""

import re
from typing import Final, NamedTuple

from ompycord.conductor.pull_requests.callers import Callers
from ompycord.dialects.prompts.issue_text import snapshot_of
from ompycord.domain.catalog import Catalog
from ompycord.domain.issues.snapshot import IssueSnapshot, as_of, came_later
from ompycord.domain.ports.following import OpenIssues
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.task import IssueSource
from ompycord.errors import ForgeFailed, Refused

__all__ = ["IssueName", "Issues"]

_NUMBER: Final = re.compile(r"#?(\d{1,9})")
_NAMED: Final = re.compile(r"([\w.-]+/[\w.-]+)#(\d{1,9})")
_LINK: Final = re.compile(r"<?(https?://\S+?)/([\w.-]+/[\w.-]+)/issues/(\d{1,9})(?:[#?]\S*)?>?")


class IssueName(NamedTuple):
    """Which issue is meant."""

    number: int
    repository: RepositorySpec


class Issues:
    """Reads issues of the repositories that have a forge."""

    def __init__(self, *, catalog: Catalog, callers: Callers, forge: OpenIssues) -> None:
        self._catalog = catalog
        self._callers = callers
        self._forge = forge

    def linked(self, text: str) -> IssueName | None:
        """The issue of one of our repositories, where the text is a link to one and nothing else."""
        found = _LINK.fullmatch(text.strip())
        if found is None:
            return None
        spec = self._at(found[2], web=found[1])
        return None if spec is None else IssueName(int(found[3]), spec)

    def named(self, text: str, usual: str | None) -> IssueName:
        """The issue that `#12`, `owner/name#12` or a link names; `usual` is meant without a name. Raises Refused."""
        if (linked := self.linked(text)) is not None:
            return linked
        if found := _NAMED.fullmatch(text.strip()):
            spec, number = self._at(found[1]), int(found[2])
        elif found := _NUMBER.fullmatch(text.strip()):
            spec, number = self._catalog.repository(usual) if usual else None, int(found[1])
        else:
            raise Refused(RefusalCode.NO_SUCH_ISSUE, what=text.strip()[:100])
        if spec is None or spec.forge is None:
            raise Refused(RefusalCode.NO_SUCH_ISSUE, what=text.strip()[:100])
        return IssueName(number, spec)

    def _at(self, full_name: str, *, web: str | None = None) -> RepositorySpec | None:
        for spec in self._catalog.repositories:
            if spec.forge is None or spec.forge.repository.lower() != full_name.lower():
                continue
            if web is None or spec.forge.web_address.lower() == web.lower():
                return spec
        return None

    async def read(
        self, name: IssueName, words: str = "", *, until: str | None = None, known: frozenset[str] = frozenset()
    ) -> IssueSnapshot:
        """All that an agent would read of it; without comments after the moment `until`. Raises Refused.

        `known`: logins in small letters that are no outsiders here, beside the team's.
        """
        spec = name.repository
        assert spec.forge is not None
        try:
            async with self._forge(spec.forge) as forge:
                issue = await forge.issue(name.number)
        except ForgeFailed as error:
            why = f"{spec.forge.repository} has no issue {name.number}." if error.fault == "not_found" else str(error)
            raise Refused(RefusalCode.FORGE_FAILED, why=why) from error
        if issue.is_pull_request:
            raise Refused(RefusalCode.NO_SUCH_ISSUE, what=f"{spec.forge.repository}#{name.number}, a pull request,")
        if until is not None:
            issue = as_of(issue, until)
        return snapshot_of(issue, words=words, team=self._callers.logins | known)

    async def later(self, repository: str, source: IssueSource) -> list[str]:
        """What came after it was read, a line each; that it is not known, where the forge does not answer."""
        spec = self._catalog.repository(repository)
        if spec.forge is None:
            return []
        try:
            async with self._forge(spec.forge) as forge:
                return came_later(source, await forge.issue(source.number))
        except ForgeFailed:
            return ["not known: the forge did not answer when it was started"]
