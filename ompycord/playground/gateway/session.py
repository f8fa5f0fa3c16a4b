"""One bot session on the gateway: its intents, its numbered events, and the connection it has at present."""

from collections import deque
from typing import Final

from ompycord.playground.gateway.connection import Connection
from ompycord.playground.rules.documents import Json, as_objects, public
from ompycord.playground.rules.intents import ALWAYS, MESSAGE_CONTENT

CUSTOM_STATUS: Final = 4
STATUSES: Final = ("online", "idle", "dnd", "invisible")


def presence_of(update: Json) -> Json:
    """`status` and the text beneath the bot's name, from a presence update (Discord, "Update Presence")."""
    first: Json = next(iter(as_objects(update.get("activities"))), Json())
    text = first.get("state") if first.get("type") == CUSTOM_STATUS else first.get("name")
    status = update.get("status")
    return {"status": status if status in STATUSES else "online", "words": str(text)[:128] if text else None}


class Session:
    """What outlives a connection: the numbering, the last events, the intents."""

    def __init__(self, *, session_id: str, intents: int, bot_id: str, replay: int) -> None:
        self.id = session_id
        self.intents = intents
        self.seq = 0
        self.connection: Connection | None = None
        self.presence: Json = {}
        """The bot's last presence update (opcode 3); empty before the first."""
        self._bot_id = bot_id
        self._events: deque[tuple[int, str, Json]] = deque(maxlen=replay)

    def dispatch(self, name: str, data: Json) -> None:
        """Number an event, keep it for a RESUME, and send it where there is a connection."""
        self.seq += 1
        self._events.append((self.seq, name, data))
        if self.connection is not None:
            self.connection.send(0, data, seq=self.seq, name=name)

    def has_all_since(self, seq: int) -> bool:
        """Whether a client that saw `seq` can be brought up to date."""
        oldest = self._events[0][0] if self._events else self.seq + 1
        return oldest - 1 <= seq <= self.seq

    def replay_since(self, seq: int) -> None:
        for number, name, data in self._events:
            if number > seq and self.connection is not None:
                self.connection.send(0, data, seq=number, name=name)

    def wants(self, intents: int) -> bool:
        return intents == ALWAYS or bool(self.intents & intents)

    def may_read(self, message: Json) -> bool:
        """Without the intent: its own messages, direct ones, and those that mention the bot (Discord, "Gateway")."""
        if self.intents & MESSAGE_CONTENT or "guild_id" not in message:
            return True
        is_mentioned = any(user["id"] == self._bot_id for user in message["mentions"])
        return message["author"]["id"] == self._bot_id or is_mentioned

    def filtered(self, message: Json) -> Json:
        """The message as this session may read it."""
        if self.may_read(message):
            return public(message)
        return {**public(message), "content": "", "embeds": [], "attachments": [], "components": []}
