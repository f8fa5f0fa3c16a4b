"""What people do with messages and threads that are there: delete, pin, open a thread, join it, leave it.

Its counterpart is `static/message_acts.js`. The same rules hold as for the bot's requests in `rest/`.
"""

from aiohttp import web

from ompycord.playground.page.answers import with_body
from ompycord.playground.page.people import People
from ompycord.playground.rules import permissions
from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.errors import refusal
from ompycord.playground.world import pins, thread_members
from ompycord.playground.world.guild import THREAD_TYPES
from ompycord.playground.world.services import Services

UNDELETABLE = (1, 2, 3, 4, 5, 21)
"""Message types that no one may delete (Discord, "Message types")."""


class MessageActs:
    """The routes below `/app/messages` and `/app/threads`. `user` is the acting person, `message` an id."""

    def __init__(self, *, services: Services, people: People) -> None:
        self._core = services.core
        self._messages = services.messages
        self._threads = services.threads
        self._people = people

    def add_to(self, application: web.Application) -> None:
        for path, act in {
            "/app/messages/delete": self._delete,
            "/app/messages/pin": self._pin,
            "/app/messages/unpin": self._unpin,
            "/app/threads": self._open_thread,
            "/app/threads/join": self._join,
            "/app/threads/leave": self._quit_thread,
        }.items():
            application.router.add_route("POST", path, with_body(act))

    async def _delete(self, body: Json) -> object:
        """Delete a message of one's own, or anyone's with the permission for it (50013, 50021 for notices)."""
        user, channel, message = self._found(body)
        if message["_author"] != user:
            self._core.world.require(user, channel, permissions.MANAGE_MESSAGES)
        if message["type"] in UNDELETABLE:
            raise refusal(50021)
        self._threads.require_live(channel)
        self._messages.delete(message)
        return {}

    async def _pin(self, body: Json) -> object:
        user, channel, message = self._found(body, permissions.PIN_MESSAGES)
        self._threads.require_live(channel)
        pins.add(self._core, self._messages, message, by=user)
        return {}

    async def _unpin(self, body: Json) -> object:
        _, channel, message = self._found(body, permissions.PIN_MESSAGES)
        self._threads.require_live(channel)
        pins.remove(self._core, self._messages, message)
        return {}

    async def _open_thread(self, body: Json) -> object:
        """Open a thread from a message; `name` is its title. Answers its id."""
        user, channel, message = self._found(body, permissions.CREATE_PUBLIC_THREADS)
        wanted: Json = {"name": body.get("name")}
        self._threads.check(wanted, is_alone=False)
        return {"id": self._threads.open_from(channel, message, wanted, by=user)["id"]}

    async def _join(self, body: Json) -> object:
        thread = self._thread(body)
        self._threads.require_live(thread)
        thread_members.add(self._core, thread, [_user(body)])
        return {}

    async def _quit_thread(self, body: Json) -> object:
        thread = self._thread(body)
        self._threads.require_live(thread)
        thread_members.remove(self._core, thread, _user(body))
        return {}

    def _found(self, body: Json, needed: int = 0) -> tuple[str, Json, Json]:
        """The person, the channel and the message, if the person may do what is needed there."""
        user = _user(body)
        channel = self._people.channel_for(user, str(body.get("channel")), permissions.READ_MESSAGE_HISTORY | needed)
        return user, channel, self._messages.get(channel["id"], str(body.get("message")))

    def _thread(self, body: Json) -> Json:
        thread = self._people.channel_for(_user(body), str(body.get("thread")))
        if thread["type"] not in THREAD_TYPES:
            raise refusal(50024)
        return thread


def _user(body: Json) -> str:
    return str(body.get("user", ""))
