"""Takes a person out of events that lie in files, as `features/team/person.py` does in the table.

A file with their words in it is written anew and replaced; the one before is removed.
"""

import hashlib
import json
from collections.abc import Sequence

from ompycord.domain.ids import RunId
from ompycord.domain.people.erasing import Scrub
from ompycord.store.archive.files import StoredEvent

__all__ = ["names_them", "without"]


def names_them(event: StoredEvent, scrub: Scrub) -> bool:
    """Whether one of their names or ids stands in an event."""
    body = event["body"].decode("utf-8", "replace")
    return any(needle in body for needle in scrub.needles)


def without(events: Sequence[StoredEvent], scrub: Scrub) -> tuple[list[StoredEvent], list[RunId]]:
    """The events of a run without them, and the run of each that is another one now."""
    bodies = [json.loads(event["body"]) for event in events]
    typed = {
        body["typed"]
        for event, body in zip(events, bodies, strict=True)
        if event["type"] == b"answer.typed" and body.get("person") == scrub.person
    }
    done: list[StoredEvent] = []
    changed: list[RunId] = []
    for event, body in zip(events, bodies, strict=True):
        is_theirs = body.get("typed") in typed
        if not is_theirs and not names_them(event, scrub):
            done.append(event)
            continue
        before = event["body"].decode("utf-8", "surrogatepass")
        text = scrub.json(before, is_theirs=True if is_theirs else None)
        if text == before:
            done.append(event)
            continue
        raw = text.encode("utf-8", "surrogatepass")
        done.append({**event, "body": raw, "hash": hashlib.sha256(event["type"] + b"\n" + raw).digest()})
        changed.append(RunId(event["run"]))
    return done, changed
