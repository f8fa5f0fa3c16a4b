"""The page as a way to give a secret: who gets a link to it, and what becomes of a value that comes from it.

Counterparts: `links.py`, which knows the links, `webhook/secret_page.py`, the page, and the button in Discord.
"""

from typing import Final

from pydantic import SecretStr

from ompycord.conductor.run_access import RunStore
from ompycord.conductor.secret_requests.links import SecretLink, SecretLinks
from ompycord.conductor.secret_requests.service import SecretRequests
from ompycord.conductor.snapshots import LoadedRun, Snapshots
from ompycord.domain.access import Person
from ompycord.domain.records import Committed
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused

__all__ = ["PAGE_PREFIX", "SecretPages"]

PAGE_PREFIX: Final = "/secret"
"""Where the sidecar has the page."""


class SecretPages:
    """One for the process."""

    def __init__(
        self,
        *,
        requests: SecretRequests,
        links: SecretLinks,
        store: RunStore,
        snapshots: Snapshots,
        public_url: str | None,
    ) -> None:
        """`public_url` is where people reach the sidecar; None: there is no page."""
        self.links = links
        self._requests = requests
        self._store = store
        self._snapshots = snapshots
        self._public_url = public_url

    async def link(self, loaded: LoadedRun, name: str, person: Person) -> tuple[SecretLink, str] | None:
        """A link for this person, and its address; None where there is no page. Raises Refused."""
        record = loaded.record
        self._requests.require(person, record)
        request = await self._requests.open_request(record, name=name)
        if self._public_url is None:
            return None
        title = loaded.snapshot.title if loaded.snapshot is not None else ""
        link = SecretLink(
            run=loaded.run, question=request.question, name=request.name, text=request.text, title=title,
            person=person, until=self.links.until, hosts=self._requests.hosts(record, name),
        )  # fmt: skip
        return link, f"{self._public_url}{PAGE_PREFIX}/{self.links.mint(link)}"

    async def give(self, link: SecretLink, value: SecretStr, host: str | None = None) -> Committed:
        """Give what came from the page, in the name of whoever got the link, with the role of this moment.

        `host`: for requests to it alone.
        Raises Refused, UnavailableError while Discord does not say which role that is, StorageError.
        """
        record = await self._store.run(link.run)
        if record is None:
            raise Refused(RefusalCode.NO_SUCH_RUN)
        person = await self._requests.now(record, link.person)
        loaded = await self._snapshots.load(record)
        return await self._requests.give(
            loaded, link.name, value, person, way="on the page", request=link.question, host=host
        )
