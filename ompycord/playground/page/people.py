"""What people do on the page: write, react, run commands, click, submit forms; `api.py` calls it."""

from typing import Any

from ompycord.playground.rules import command_use, component_trees, modals, permissions
from ompycord.playground.rules.bodies import IS_VOICE_MESSAGE, check_message
from ompycord.playground.rules.documents import Json, as_list
from ompycord.playground.rules.errors import NotPossibleError, refusal
from ompycord.playground.world import attachments, slow_mode
from ompycord.playground.world.messages import Draft, require_text
from ompycord.playground.world.payloads import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, RESOLVING_TYPES, Resolver
from ompycord.playground.world.references import PLAIN_TYPES
from ompycord.playground.world.services import Services


class People:
    """The acts of the three humans. Ids are those of users."""

    def __init__(self, services: Services) -> None:
        self._core = services.core
        self._messages = services.messages
        self._threads = services.threads
        self._interactions = services.interactions

    def channel_for(self, user: str, channel_id: str, needed: int = 0) -> Json:
        """The channel, if the person may view it and do what is needed."""
        self.require_person(user)
        channel = self._core.world.channel(channel_id)
        self._core.world.require(user, channel, needed)
        return channel

    def require_person(self, user: str) -> None:
        stored = self._core.storage.get("user", user)
        if stored is None or stored.get("bot"):
            raise NotPossibleError("There is no such person.", status=404)

    def write(
        self,
        user: str,
        channel_id: str,
        text: Any,
        file_ids: list[Any],
        *,
        reply: Json | None = None,
        voice: Json | None = None,
    ) -> Json:
        """Send a message as a person, with files uploaded before; mentions work as the person's permissions allow.

        `reply` is `{"message", "pings"}`: which message it answers, and whether its author is pinged. `voice` is
        `{"duration_secs", "waveform"}`, which make a voice message of a recording. A refused message leaves its files
        as they were, for another try.
        """
        channel = self.channel_for(user, channel_id)
        require_text(channel)
        is_thread = channel["type"] in (10, 11, 12)
        needed = permissions.SEND_MESSAGES_IN_THREADS if is_thread else permissions.SEND_MESSAGES
        self._core.world.require(user, channel, needed | (permissions.ATTACH_FILES if file_ids else 0))
        body: Json = {"content": text, "allowed_mentions": None, **self._reply(user, channel, reply)}
        about = attachments.voice_fields(voice or {})
        if voice is not None:
            body |= {"flags": IS_VOICE_MESSAGE, "attachments": [about]}
        check_message(body, self._core.limits, uploads=len(file_ids))
        unsent = self._unsent(user, file_ids)
        slow_mode.require_pause(self._core, channel, user)
        self._threads.require_writable(channel, user)
        files = tuple(attachments.send(self._core, {**item, **about}, channel=channel_id) for item in unsent)
        channel = self._core.world.channel(channel_id)
        return self._messages.create(Draft(channel=channel, author=user, body=body, files=files))

    def rewrite(self, user: str, channel_id: str, message_id: str, text: Any) -> Json:
        """Change a message of one's own (50005 for another's)."""
        channel = self.channel_for(user, channel_id)
        message = self._messages.get(channel["id"], message_id)
        if message["_author"] != user:
            raise refusal(50005)
        body: Json = {"content": text, "allowed_mentions": None}
        check_message(body, self._core.limits, uploads=0, previous=message)
        self._threads.require_writable(channel, user)
        return self._messages.edit(message, body, {})

    def commands_for(self, user: str, channel: Json | None = None) -> list[Json]:
        """The commands a person may use by their default permissions (Discord, "Application command permissions")."""
        guild_id = self._core.world.guild_id
        granted = permissions.ALL
        if user:
            member = self._core.world.member(user)
            granted = permissions.guild_permissions(member, self._core.storage.all("role"), self._core.world.guild)
            if channel is not None:
                granted = self._core.world.permissions_in(user, channel)
        return [
            item
            for item in self._core.storage.all("command")
            if item.get("guild_id") in (None, guild_id)
            and _may_use(item, granted)
            and granted & permissions.USE_APPLICATION_COMMANDS
        ]

    def run_command(self, user: str, channel_id: str, wanted: Json) -> Json:
        """Use a slash command or a context menu; returns the interaction's record."""
        channel = self.channel_for(user, channel_id)
        command, data, resolver = self._command_data(user, channel, wanted, is_partial=False)
        if command["type"] != 1:
            self._aim(command, channel, str(wanted.get("target")), data, resolver)
        if resolver.resolved:
            data["resolved"] = resolver.resolved
        path = command_use.subcommand_path(as_list(data.get("options")))
        more: Json = {"command": " ".join([command["name"], *path]), "command_id": command["id"]}
        return self._interactions.begin(COMMAND, user=user, channel=channel, data=data, more=more)

    async def complete(self, user: str, channel_id: str, wanted: Json) -> list[Json]:
        """Ask the bot for completions of the focused option."""
        channel = self.channel_for(user, channel_id)
        _, data, _ = self._command_data(user, channel, wanted, is_partial=True)
        record = self._interactions.begin(AUTOCOMPLETE, user=user, channel=channel, data=data, more={})
        return await self._interactions.choices(record)

    def click(self, user: str, channel_id: str, wanted: Json) -> Json:
        """Press a button or choose in a select of a message."""
        channel = self.channel_for(user, channel_id)
        message = self._core.storage.get("message", str(wanted.get("message")))
        if message is None or message["channel_id"] != channel_id or message["_ephemeral_for"] not in (None, user):
            raise refusal(10008)
        component = component_trees.find(message["components"], str(wanted.get("custom_id")))
        if component is None:
            raise NotPossibleError("This message has no such button or select.", status=404)
        if component.get("disabled"):
            raise NotPossibleError("This is switched off.")
        data: Json = {"component_type": component["type"], "custom_id": component["custom_id"], "id": component["id"]}
        if component["type"] != 2:
            data["values"] = self._picked(component, as_list(wanted.get("values")))
            resolver = Resolver(self._core, channel)
            resolver.values(component["type"], data["values"], viewer=user)
            if component["type"] in RESOLVING_TYPES:
                data["resolved"] = resolver.resolved
        return self._interactions.begin(COMPONENT, user=user, channel=channel, data=data, more={}, message=message)

    def submit(self, user: str, interaction_id: str, values: Json) -> Json:
        """Send a modal's values. Raises NotPossibleError with the errors by field."""
        opened = self._interactions.record(interaction_id)
        if opened is None or opened["user_id"] != user or opened["modal"] is None:
            raise NotPossibleError("There is no such form.", status=404)
        modal = opened["modal"]
        wrong = modals.wrong_values(modal, values, self._core.limits)
        if wrong:
            raise NotPossibleError("The form is not complete.", errors=wrong)
        channel = self._core.world.channel(opened["channel_id"])
        resolver = Resolver(self._core, channel)
        for item in modals.inputs(modal):
            if item["type"] != modals.TEXT_INPUT:
                resolver.values(item["type"], as_list(values.get(item["custom_id"])), viewer=user)
        data: Json = {"custom_id": modal["custom_id"], "components": modals.submitted(modal, values)}
        if resolver.resolved:
            data["resolved"] = resolver.resolved
        source = self._core.storage.get("message", opened["message_id"]) if opened["message_id"] else None
        more: Json = {"triggered_by": opened["metadata"]}
        return self._interactions.begin(MODAL, user=user, channel=channel, data=data, more=more, message=source)

    # -- steps -----------------------------------------------------------------------------------------------------

    def _reply(self, user: str, channel: Json, reply: Json | None) -> Json:
        """What a reply adds to the body (Discord, "Message reference"): it needs the history; notices take none."""
        if reply is None:
            return {}
        self._core.world.require(user, channel, permissions.READ_MESSAGE_HISTORY)
        target = self._messages.get(channel["id"], str(reply.get("message")))
        if target["type"] not in PLAIN_TYPES:
            raise NotPossibleError("No one can reply to this message.")
        kinds = ["users", "roles", "everyone"]
        allowed: Json = {"parse": kinds, "replied_user": bool(reply.get("pings", True))}
        return {"message_reference": {"message_id": target["id"]}, "allowed_mentions": allowed}

    def _unsent(self, user: str, file_ids: list[Any]) -> list[Json]:
        if len(set(map(str, file_ids))) != len(file_ids):
            raise NotPossibleError("A message carries each file once.")
        found = [attachments.unsent(self._core, str(item), by=user) for item in file_ids]
        if None in found:
            raise NotPossibleError("One of the files is not there any more. Attach it again.", status=404)
        return [item for item in found if item is not None]

    def _command_data(self, user: str, channel: Json, wanted: Json, *, is_partial: bool) -> tuple[Json, Json, Resolver]:
        command = self._core.storage.get("command", str(wanted.get("command")))
        if command is None:
            raise refusal(10063)
        if command["id"] not in {item["id"] for item in self.commands_for(user, channel)}:
            raise NotPossibleError("You do not have permission to use this command.", status=403)
        try:
            options = command_use.fill_in(
                as_list(command.get("options")), as_list(wanted.get("options")), is_partial=is_partial
            )
        except command_use.BadOptionError as problem:
            raise NotPossibleError(str(problem)) from problem
        resolver = Resolver(self._core, channel)
        resolver.options([] if is_partial else options, viewer=user)
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if options:
            data["options"] = options
        if command.get("guild_id"):
            data["guild_id"] = command["guild_id"]
        return command, data, resolver

    def _aim(self, command: Json, channel: Json, target: str, data: Json, resolver: Resolver) -> None:
        """What a context menu was opened on: a user (2) or a message (3)."""
        data["target_id"] = target
        if command["type"] == 2:
            resolver.user(target)
        else:
            resolver.message(self._messages.get(channel["id"], target))

    @staticmethod
    def _picked(component: Json, values: list[Any]) -> list[str]:
        low, high = component["min_values"], component["max_values"]
        if not low <= len(values) <= high or len(set(values)) != len(values):
            raise NotPossibleError(f"Choose {low} to {high}.")
        if component["type"] == 3 and not set(values) <= {option["value"] for option in component["options"]}:
            raise NotPossibleError("Not one of the choices.")
        return [str(value) for value in values]


def _may_use(command: Json, granted: int) -> bool:
    needed = command.get("default_member_permissions")
    if needed is None or granted & permissions.ADMINISTRATOR:
        return True
    # "0" hides the command from all but administrators (Discord, "Application command permissions").
    return int(needed) != 0 and granted & int(needed) == int(needed)
