"""The life of an interaction: sent, answered within 3 s or failed, followed up for 15 minutes.

Counterpart: a bot's callback, `rest/interactions.py`.

Discord, "Receiving and responding to interactions". Records are on disk, so a token outlives a restart of the
playground.
"""

import asyncio
import base64
import secrets
from typing import Final

from ompycord.playground.rules import bodies, modals, shapes
from ompycord.playground.rules.commands import check_choices
from ompycord.playground.rules.component_trees import normalized
from ompycord.playground.rules.documents import Json, as_list, as_object
from ompycord.playground.rules.errors import Form, refusal
from ompycord.playground.world import payloads, views
from ompycord.playground.world.attachments import Upload
from ompycord.playground.world.core import Core
from ompycord.playground.world.messages import Draft, Messages
from ompycord.playground.world.payloads import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    DEFER,
    MESSAGE,
    MODAL,
)

DEFER_UPDATE, UPDATE, CHOICES, SHOW_MODAL = 6, 7, 8, 9
ALLOWED: Final = {
    COMMAND: (MESSAGE, DEFER, SHOW_MODAL),
    COMPONENT: (MESSAGE, DEFER, DEFER_UPDATE, UPDATE, SHOW_MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL: (MESSAGE, DEFER),
}
"""Interaction type -> callback types. A modal's submission may also update, where a component opened the modal."""
NO_ANSWER: Final = "The application did not respond"


class Interactions:
    """Open interactions and the records of answered ones."""

    def __init__(self, core: Core, messages: Messages) -> None:
        self._core = core
        self._messages = messages
        self._waiting_for_choices: dict[str, asyncio.Future[list[Json]]] = {}

    # -- from a person ---------------------------------------------------------------------------------------------

    def begin(
        self, kind: int, *, user: str, channel: Json, data: Json, more: Json, message: Json | None = None
    ) -> Json:
        """Record an interaction, send it to the bot and start its 3 seconds. `more` is kept with the record."""
        core = self._core
        interaction_id = core.ids.next()
        token = (
            base64.urlsafe_b64encode(f"interaction:{interaction_id}:{secrets.token_hex(48)}".encode())
            .decode()
            .rstrip("=")
        )
        record: Json = {
            "id": interaction_id,
            "token": token,
            "type": kind,
            "user_id": user,
            "channel_id": channel["id"],
            "message_id": message["id"] if message else None,
            "state": "pending",
            "answer": None,
            "original": None,
            "modal": None,
            "sent_at": core.clock.now(),
            "metadata": None,
            **more,
        }
        record["metadata"] = payloads.metadata(core, record)
        self._save(record)
        payload = payloads.envelope(core, record, data)
        if message is not None:
            payload["message"] = views.show(core, message, viewer=core.world.bot_id)
        asyncio.get_running_loop().call_later(core.limits.first_answer_s, self._give_up, interaction_id)
        core.gateway.dispatch("INTERACTION_CREATE", payload, intents=0)
        return record

    async def choices(self, record: Json) -> list[Json]:
        """The bot's completions for an autocomplete interaction; empty when it does not answer in time."""
        future: asyncio.Future[list[Json]] = asyncio.get_running_loop().create_future()
        self._waiting_for_choices[record["id"]] = future
        try:
            async with asyncio.timeout(self._core.limits.first_answer_s):
                return await future
        except TimeoutError:
            return []
        finally:
            self._waiting_for_choices.pop(record["id"], None)

    def record(self, interaction_id: str) -> Json | None:
        return self._core.storage.get("interaction", interaction_id)

    def _give_up(self, interaction_id: str) -> None:
        record = self.record(interaction_id)
        if record is None or record["state"] != "pending":
            return
        record["state"] = "failed"
        self._save(record)
        if record["type"] != AUTOCOMPLETE:
            failed: Json = {"interaction": interaction_id, "reason": NO_ANSWER}
            self._core.feed.publish("INTERACTION_FAILED", failed, audience=[record["user_id"]])

    # -- from the bot ----------------------------------------------------------------------------------------------

    def answer(self, interaction_id: str, token: str, body: Json, uploads: dict[str, Upload]) -> Json:
        """Take the first answer and return Discord's callback response. Refused with 10062 when late, 40060 when
        second.
        """
        record = self.record(interaction_id)
        is_ours = record is not None and secrets.compare_digest(record["token"], token)
        if record is None or not is_ours or record["state"] == "failed":
            raise refusal(10062)
        if record["state"] != "pending":
            raise refusal(40060)
        if self._core.clock.now() - record["sent_at"] > self._core.limits.first_answer_s:
            self._give_up(interaction_id)
            raise refusal(10062)
        kind = self._check_kind(record, body)
        shapes.require(body, {"data": {}})
        data = as_object(body.get("data")) or {}
        message = self._take(record, kind, data, uploads)
        record["state"], record["answer"] = "answered", kind
        self._save(record)
        if record["type"] != AUTOCOMPLETE:
            self._core.feed.publish("INTERACTION_DONE", {"interaction": interaction_id}, audience=[record["user_id"]])
        return payloads.callback_response(self._core, record, kind, message)

    def by_token(self, application_id: str, token: str) -> Json:
        """The record behind a webhook address. Refused with 10015 when unknown or unanswered, 50027 after 15
        minutes.
        """
        found = self._core.storage.newest("interaction", token, limit=1)
        if not found or application_id != self._core.world.application_id:
            raise refusal(10015)
        record = found[0]
        if self._core.clock.now() - record["sent_at"] > self._core.limits.interaction_token_s:
            raise refusal(50027)
        if record["state"] != "answered":
            raise refusal(10015)
        return record

    def follow_up(self, record: Json, body: Json, uploads: dict[str, Upload]) -> Json:
        """Another message after the first answer; after a deferral the first one takes the place of "thinking"."""
        original = self._core.storage.get("message", record["original"]) if record["original"] else None
        if original is not None and original["flags"] & bodies.LOADING:
            return self.fill(original, body, uploads)
        bodies.check_message(body, self._core.limits, uploads=len(uploads))
        return self._post(record, body, uploads, is_follow_up=True)

    def fill(self, message: Json, body: Json, uploads: dict[str, Upload]) -> Json:
        """Edit a message of an interaction; the first edit of a deferred one completes it."""
        is_first = bool(message["flags"] & bodies.LOADING)
        bodies.check_message(body, self._core.limits, uploads=len(uploads), previous=message)
        message["flags"] &= ~bodies.LOADING
        return self._messages.edit(message, body, uploads, is_first_fill=is_first)

    def original(self, record: Json) -> Json:
        """The message of the first answer; refused with 10008 where there is none."""
        found = self._core.storage.get("message", record["original"]) if record["original"] else None
        if found is None:
            raise refusal(10008)
        return found

    def message_of(self, record: Json, message_id: str) -> Json:
        """A message that this interaction made; refused with 10008."""
        found = self._core.storage.get("message", message_id)
        if found is None or (found.get("_interaction") != record["id"] and message_id != record["original"]):
            raise refusal(10008)
        return found

    # -- the kinds of answers --------------------------------------------------------------------------------------

    def _check_kind(self, record: Json, body: Json) -> int:
        allowed = ALLOWED[record["type"]]
        if record["type"] == MODAL and record["message_id"]:
            allowed = (*allowed, DEFER_UPDATE, UPDATE)
        form = Form()
        form.choice(("type",), body.get("type"), allowed)
        form.check()
        return int(body["type"])

    def _take(self, record: Json, kind: int, data: Json, uploads: dict[str, Upload]) -> Json | None:
        match kind:
            case 4:
                bodies.check_message(data, self._core.limits, uploads=len(uploads))
                return self._remember(record, self._post(record, data, uploads))
            case 5:
                shapes.require(data, {"flags": int}, ("data",))
                flags = (data.get("flags") or 0) & bodies.EPHEMERAL
                self._core.feed.publish(
                    "INTERACTION_PENDING", {"interaction": record["id"]}, audience=[record["user_id"]]
                )
                return self._remember(record, self._post(record, {"flags": flags}, {}, is_loading=True))
            case 6:
                record["original"] = record["message_id"]
                return None
            case 7:
                source = self._core.storage.get("message", record["message_id"])
                if source is None:
                    raise refusal(10008)
                bodies.check_message(data, self._core.limits, uploads=len(uploads), previous=source)
                return self._remember(record, self._messages.edit(source, data, uploads))
            case 8:
                return self._take_choices(record, data)
            case _:
                return self._take_modal(record, data)

    def _take_choices(self, record: Json, data: Json) -> None:
        choices = check_choices(data, self._core.limits)
        future = self._waiting_for_choices.get(record["id"])
        if future is not None and not future.done():
            future.set_result(choices)

    def _take_modal(self, record: Json, data: Json) -> None:
        modals.check_modal(data, self._core.limits)
        modal: Json = {**data, "components": normalized(as_list(data["components"]))}
        record["modal"] = modal
        shown: Json = {"interaction": record["id"], "user": record["user_id"], "modal": modal}
        self._core.feed.publish("INTERACTION_MODAL", shown, audience=[record["user_id"]])

    def _remember(self, record: Json, message: Json) -> Json:
        record["original"] = message["id"]
        return message

    def _post(
        self,
        record: Json,
        body: Json,
        uploads: dict[str, Upload],
        *,
        is_loading: bool = False,
        is_follow_up: bool = False,
    ) -> Json:
        """A new message from this interaction, for the whole channel or only for its person."""
        world = self._core.world
        flags = (body.get("flags") or 0) & bodies.EPHEMERAL
        metadata: Json = dict(record["metadata"])
        if is_follow_up and record["original"]:
            metadata["original_response_message_id"] = record["original"]
        more: Json = {
            "webhook_id": world.application_id,
            "application_id": world.application_id,
            "interaction_metadata": metadata,
            "_interaction": record["id"],
        }
        if record["type"] == COMMAND and not is_follow_up:
            user = world.user(record["user_id"])
            more["interaction"] = {"id": record["id"], "type": COMMAND, "name": record["command"], "user": user}
        draft = Draft(
            channel=world.channel(record["channel_id"]),
            author=world.bot_id,
            body=body,
            uploads=uploads,
            type=20
            if record["type"] == COMMAND and not is_follow_up
            else 19
            if record["message_id"] and is_follow_up
            else 0,
            flags=flags | (bodies.LOADING if is_loading else 0),
            ephemeral_for=record["user_id"] if flags else None,
            more=more,
        )
        return self._messages.create(draft)

    def _save(self, record: Json) -> None:
        self._core.storage.put("interaction", record["id"], record, parent=record["token"])
