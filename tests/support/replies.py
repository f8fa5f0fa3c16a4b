"""Which run a reply of the bot links to; for tests that go on with that run."""

import re

from tests.support.playground_person import Person

__all__ = ["run_linked_by"]


async def run_linked_by(person: Person, words: str) -> str:
    """The end of the id of the run whose summary `Queued: ADDRESS` links to, by that message's footer."""
    found = re.search(r"/channels/\d+/\d+/(\d+)", words)
    assert found, words
    summary = await person.wait_message(lambda message: message.id == found[1] and " · mirror" in message.text)
    run = re.search(r"(\w{6}) · mirror", summary.text)
    assert run, summary.text
    return run[1]
