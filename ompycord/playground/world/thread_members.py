"""Who is in a thread; its counterpart is `threads.py`, which opens and closes them."""

from ompycord.playground.rules.documents import Json, public
from ompycord.playground.rules.errors import refusal
from ompycord.playground.rules.intents import GUILDS
from ompycord.playground.world.clock import timestamp
from ompycord.playground.world.core import Core


def member(thread: Json, user: str) -> Json:
    """A membership in Discord's shape; refused with 10007."""
    joined = thread["_members"].get(user)
    if joined is None:
        raise refusal(10007)
    return {"id": thread["id"], "user_id": user, "join_timestamp": joined, "flags": 0}


def for_page(thread: Json) -> Json:
    """The thread as the page gets it: with the ids of its members, by which a person's list of channels is made."""
    return {**public(thread), "member_ids": list(thread["_members"])}


def add(core: Core, thread: Json, users: list[str]) -> None:
    """Add people who are not in the thread yet: its authors, and those mentioned in it.

    For people who could not view it before (it is private) it is created.
    """
    new = [user for user in users if user not in thread["_members"]]
    if not new:
        return
    before = core.world.viewers(thread)
    for user in new:
        thread["_members"][user] = timestamp(core.clock.now())
    _save(core, thread, added=[member(thread, user) for user in new], removed=[])
    core.feed.publish("THREAD_CREATE", for_page(thread), audience=core.world.viewers(thread) - before)


def remove(core: Core, thread: Json, user: str) -> None:
    """Remove a member of the thread; nothing happens where there is no such member."""
    before = core.world.viewers(thread)
    if thread["_members"].pop(user, None) is not None:
        _save(core, thread, added=[], removed=[user])
        core.feed.publish("THREAD_DELETE", public(thread), audience=before - core.world.viewers(thread))


def _save(core: Core, thread: Json, *, added: list[Json], removed: list[str]) -> None:
    thread["member_count"] = len(thread["_members"])
    core.world.save_channel(thread)
    people = [item for item in added if core.storage.get("member", item["user_id"])]
    event: Json = {
        "id": thread["id"],
        "guild_id": thread["guild_id"],
        "member_count": thread["member_count"],
        "added_members": [{**item, "member": core.world.member_to_api(item["user_id"])} for item in people],
        "removed_member_ids": removed,
    }
    core.gateway.dispatch("THREAD_MEMBERS_UPDATE", event, intents=GUILDS)
    core.feed.publish("THREAD_MEMBERS_UPDATE", for_page(thread), audience=core.world.viewers(thread))
