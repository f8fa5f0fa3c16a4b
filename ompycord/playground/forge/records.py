"""What the forge keeps: accounts, repositories, pull requests and all that belongs to them, as documents on disk."""

from collections.abc import Callable
from typing import Final

from ompycord.playground.forge.objects.addresses import moment
from ompycord.playground.rules.documents import Json
from ompycord.playground.world.storage import Storage

NUMBERS: Final = "forge.numbers"
BOT: Final = "ompycord-bot"
APP: Final = "github-actions[bot]"


class Records:
    """Documents by kind and number; `parent` groups them."""

    def __init__(self, storage: Storage, now: Callable[[], float]) -> None:
        self._storage = storage
        self._now = now

    def moment(self) -> str:
        """Now, as GitHub writes it."""
        return moment(self._now())

    def next(self, name: str = "id", *, first: int = 1) -> int:
        """The next number of a sequence."""
        last = self._storage.get(NUMBERS, name)
        number = last["last"] + 1 if last else first
        self._storage.put(NUMBERS, name, {"last": number})
        return number

    def add(self, kind: str, parent: str, record: Json) -> Json:
        """Keep a new one; it gets a number and its times."""
        at = self.moment()
        made: Json = {"id": self.next(first=1001), "created_at": at, "updated_at": at, **record, "parent": parent}
        return self.put(kind, made)

    def put(self, kind: str, record: Json) -> Json:
        """Keep it as it is now."""
        self._storage.put(kind, str(record["id"]), record, parent=record["parent"])
        return record

    def change(self, kind: str, record: Json, **fields: object) -> Json:
        """Change some of its fields, and when it was changed."""
        record |= {**fields, "updated_at": self.moment()}
        return self.put(kind, record)

    def get(self, kind: str, number: int) -> Json | None:
        return self._storage.get(kind, str(number))

    def remove(self, kind: str, number: int) -> None:
        self._storage.delete(kind, str(number))

    def children(self, kind: str, parent: str) -> list[Json]:
        """Those of a parent, oldest first."""
        return self._storage.oldest(kind, parent, limit=100_000)

    # -- by name

    def named(self, kind: str, name: str) -> Json | None:
        """An account or a repository by its name."""
        return self._storage.get(kind, name.lower())

    def put_named(self, kind: str, name: str, record: Json) -> Json:
        self._storage.put(kind, name.lower(), record)
        return record

    def forget(self, kind: str, name: str) -> None:
        self._storage.delete(kind, name.lower())

    def every(self, kind: str) -> list[Json]:
        return self._storage.all(kind)
