"""The refusals of Discord's REST API with their codes; `rest/api.py` answers with them."""

from typing import Any

from ompycord.playground.rules.documents import Json

KNOWN: dict[int, tuple[int, str]] = {
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10011: (404, "Unknown Role"),
    10013: (404, "Unknown User"),
    10014: (404, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    10066: (404, "Unknown application command permissions"),
    10087: (404, "Unknown Tag"),
    30003: (400, "Maximum number of pins reached for the channel"),
    30010: (400, "Maximum number of reactions reached (20)"),
    30013: (400, "Maximum number of server channels reached (500)"),
    30032: (400, "Maximum number of application commands reached (100)"),
    40005: (413, "Request entity too large"),
    40041: (400, "An application command with that name already exists"),
    40058: (400, "Cannot send a message in a forum channel"),
    40060: (400, "Interaction has already been acknowledged."),
    40061: (400, "Tag names must be unique"),
    40067: (400, "A tag is required to create a forum post in this channel"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50016: (
        400,
        "Provided too few or too many messages to delete. Must provide at least 2 and at most 100.",
    ),
    50003: (400, "Cannot execute action on a DM channel"),
    50019: (403, "A message can only be pinned to the channel it was sent in"),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50034: (400, "You can only bulk delete messages that are under 14 days old."),
    50035: (400, "Invalid Form Body"),
    50068: (400, "Invalid message type"),
    50081: (400, "Invalid sticker sent"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50159: (400, "Voice messages do not support additional content."),
    50160: (400, "Voice messages must have a single audio attachment."),
    50161: (400, "Voice messages must have supporting metadata."),
    160002: (403, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
    160014: (403, "You cannot forward a message whose content you cannot read"),
    520003: (400, "Cannot edit a poll message"),
}
"""code -> (HTTP status, message). Discord, "Opcodes and status codes", JSON error codes."""


class DiscordError(Exception):
    """A request that Discord refuses: its status, code, message and, for a form, the errors by field."""

    def __init__(
        self, status: int, code: int, message: str, errors: Json | None = None, more: Json | None = None
    ) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.body: Json = {"message": message, "code": code, **({"errors": errors} if errors else {}), **(more or {})}


def refusal(code: int) -> DiscordError:
    """The refusal with this code; KeyError for a code that is not in the table."""
    status, message = KNOWN[code]
    return DiscordError(status, code, message)


def unauthorized() -> DiscordError:
    """The answer to a missing or wrong bot token."""
    return DiscordError(401, 0, "401: Unauthorized")


class NotPossibleError(Exception):
    """Something Discord's client would not let this person do; `errors` has what is wrong in a form, by custom id."""

    def __init__(self, message: str, *, status: int = 422, errors: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors


class Form:
    """Collects what is wrong with a request body, field by field, and refuses it as a whole (50035)."""

    def __init__(self) -> None:
        self._errors: Json = {}
        self.count = 0
        """How many errors were noted."""

    def wrong(self, path: tuple[str | int, ...], code: str, message: str) -> None:
        """Note an error at `path`, such as `("embeds", 0, "title")`."""
        self.count += 1
        spot: dict[str, Any] = self._errors
        for part in path:
            spot = spot.setdefault(str(part), {})
        spot.setdefault("_errors", []).append({"code": code, "message": message})

    def required(self, path: tuple[str | int, ...]) -> None:
        self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")

    def length(self, path: tuple[str | int, ...], value: object, low: int, high: int) -> bool:
        """Check a text's length in code points or a list's in items; False (and noted) where it is outside."""
        if not isinstance(value, str | list):
            self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
            return False
        size = len(value)  # pyright: ignore[reportUnknownArgumentType]  # the items of the list do not matter
        if low <= size <= high:
            return True
        if low == 0:
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        else:
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        return False

    def between(self, path: tuple[str | int, ...], value: object, low: float, high: float) -> bool:
        """Check that a number is within its bounds, both included; False (and noted) where it is not."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(path, "NUMBER_TYPE_COERCE", "Value is not a number.")
            return False
        if low <= value <= high:
            return True
        kind = "int" if isinstance(low, int) and isinstance(high, int) else "double"
        if value < low:
            self.wrong(path, "NUMBER_TYPE_MIN", f"{kind} value should be greater than or equal to {low}.")
        else:
            self.wrong(path, "NUMBER_TYPE_MAX", f"{kind} value should be less than or equal to {high}.")
        return False

    def choice(self, path: tuple[str | int, ...], value: object, allowed: tuple[object, ...]) -> bool:
        """Check that the value is one of those allowed; booleans are no numbers here."""
        if not isinstance(value, bool) and value in allowed:
            return True
        listed = ", ".join(map(repr, allowed))
        self.wrong(path, "BASE_TYPE_CHOICES", f"Value must be one of ({listed}).")
        return False

    @property
    def is_clean(self) -> bool:
        return not self._errors

    def check(self) -> None:
        """Raise the refusal 50035 if anything was noted."""
        if self._errors:
            raise self.refusal()

    def refusal(self) -> DiscordError:
        """The refusal 50035 with what was noted."""
        return DiscordError(400, 50035, "Invalid Form Body", self._errors)
