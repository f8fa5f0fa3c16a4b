"""What GitHub's push protection says of a secret: its kind, where it stands, and where a person may allow it; pure."""

import re
from typing import Final, NamedTuple

from ompycord.text import clean, cut

__all__ = ["FoundSecret", "found_secrets", "secret_words"]

_KIND: Final = re.compile(r"^[—-]{2,}\s*([^\s—-].*?)\s*[—-]{2,}$")
_COMMIT: Final = re.compile(r"^- commit:\s*([0-9a-f]{7,64})$")
_PATH: Final = re.compile(r"^path:\s*(.+?)(?::(\d+))?$")
_LINK: Final = re.compile(r"^https://\S+/security/secret-scanning/unblock-secret/[A-Za-z0-9]+$")
_NAMED: Final = 3
_PART: Final = 100


class FoundSecret(NamedTuple):
    """One secret, as the forge names it."""

    kind: str
    places: tuple[str, ...]
    """`path:line in commit`."""
    link: str | None
    """The page at which a person may allow it."""


def found_secrets(stderr: str, web: str) -> list[FoundSecret]:
    """Those that git's output names. A link counts only where it leads to the forge itself, `web`."""
    found: list[FoundSecret] = []
    commit = ""
    for line in (one.removeprefix("remote:").strip() for one in stderr.splitlines()):
        if kind := _KIND.match(line):
            found.append(FoundSecret(cut(clean(kind[1]), _PART), (), None))
        elif not found:
            continue
        elif named := _COMMIT.match(line):
            commit = named[1][:12]
        elif path := _PATH.match(line):
            at = cut(clean(path[1]), _PART) + (f":{path[2]}" if path[2] else "")
            found[-1] = found[-1]._replace(places=(*found[-1].places, f"{at} in commit {commit}"))
        elif _LINK.match(line) and line.startswith(f"{web}/"):
            found[-1] = found[-1]._replace(link=line)
    return [one for one in found if one.places]


def secret_words(stderr: str, web: str) -> str:
    """What was found and what a person may do, as the end of a sentence; empty where it is not said."""
    found = found_secrets(stderr, web)
    parts = [f"{one.kind} at {', '.join(one.places[:_NAMED])}" for one in found[:_NAMED]]
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    links = [one.link for one in found[:_NAMED] if one.link is not None]
    allow = f" Or a person allows it: {' '.join(links)}" if links else ""
    return f"{'; '.join(parts)}{more}. Have it taken out of the history.{allow}" if parts else ""
