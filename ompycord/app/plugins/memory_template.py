"""The module with which a project of the kind `memory` begins; counterpart of `template.py`, which fills it."""

from typing import Final

__all__ = ["MEMORY"]

MEMORY: Final = '''\
"""The memory `@name@`: it keeps items in a file and finds them by the words that they share. Change `_Kept`."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from ompycord.domain.memory.backend import BackendItem, BackendQuery, BackendSpec
from ompycord.memory.backends.kind import MemoryBackendKind

__all__ = ["MEMORY", "@class@Memory", "@class@Options"]


class @class@Options(BackendSpec):
    """Options of `memory.backend`. Name a secret by its file, never write it here."""

    kind: Literal["@name@"] = "@name@"
    file: Path


class _Kept:
    """Items by their ids, in a file. Await what waits for a network, and give it a timeout."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[str, dict[str, Any]]:
        return json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}

    def write(self, items: Mapping[str, Mapping[str, Any]]) -> None:
        self._file.write_text(json.dumps(items), encoding="utf-8")


class @class@Memory:
    """Made once with its options; it lives as long as Ompycord runs. What it raises counts as no answer."""

    def __init__(self, options: @class@Options) -> None:
        self._kept = _Kept(options.file)

    async def candidates(self, query: BackendQuery) -> Sequence[str]:
        """Ids of what fits, the best first. Ompycord looks again whether each is seen there."""
        words = _words(query.text)
        scored = [
            (len(words & _words(f"{one['title']} {one['body']}")), name)
            for name, one in self._kept.read().items()
            if _is_seen(one, query)
        ]
        return [name for score, name in sorted(scored, reverse=True) if score][: query.limit]

    async def known(self) -> Mapping[str, str]:
        """Every id with the stamp that it was given: by these Ompycord sees what to give, and what to take away."""
        return {name: one["stamp"] for name, one in self._kept.read().items()}

    async def put(self, items: Sequence[BackendItem]) -> None:
        """Keep these, each in place of what was known by its id."""
        self._kept.write({**self._kept.read(), **{one.id: one.model_dump(mode="json") for one in items}})

    async def remove(self, ids: Sequence[str]) -> None:
        """Forget these wholly, also in copies and logs of yours: a person may be erased with them."""
        self._kept.write({name: one for name, one in self._kept.read().items() if name not in ids})

    async def close(self) -> None:
        """Close connections; this one has none."""


def _words(text: str) -> set[str]:
    return set(re.findall(r"\\w{3,}", text.lower()))


def _is_seen(item: Mapping[str, Any], query: BackendQuery) -> bool:
    """Of that server, and of that repository and channel or of all."""
    is_here = item["repository"] in {None, query.repository} and item["channel"] in {None, query.channel}
    return item["guild"] == query.guild and is_here


MEMORY = MemoryBackendKind(options=@class@Options, backend=@class@Memory, example={"file": "{folder}/items.json"})
'''
