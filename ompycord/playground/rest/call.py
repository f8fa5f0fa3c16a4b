"""What a REST route is and gets: the request, read and parsed, and the answer it gives; `api.py` calls the routes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiohttp import web

from ompycord.playground.gateway.server import Gateway
from ompycord.playground.rules import shapes
from ompycord.playground.rules.documents import Json, as_object, decode_object, parse
from ompycord.playground.rules.errors import DiscordError, refusal
from ompycord.playground.rules.ratelimit import RateLimiter, Verdict
from ompycord.playground.world.attachments import Upload
from ompycord.playground.world.services import Services


@dataclass(frozen=True, kw_only=True)
class Backend:
    """What the routes act on. One instance per playground."""

    services: Services
    gateway: Gateway
    limiter: RateLimiter


@dataclass(kw_only=True)
class Call:
    """One request, read and parsed."""

    backend: Backend
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    uploads: dict[str, Upload] = field(default_factory=dict[str, Upload])
    is_multipart: bool = False

    @property
    def services(self) -> Services:
        return self.backend.services

    @property
    def form(self) -> Json:
        """The body as an object; refused with 50109 where it is none."""
        found = as_object(self.body)
        if found is None:
            raise refusal(50109)
        return found

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number of the query, within its bounds; refused with 50035."""
        raw = self.query.get(key, str(default))
        if not raw.isdigit() or not low <= int(raw) <= high:
            error = {
                "_errors": [{"code": "NUMBER_TYPE_MAX", "message": f"int value should be between {low} and {high}."}]
            }
            raise DiscordError(400, 50035, "Invalid Form Body", {key: error})
        return int(raw)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer: a status and, unless 204, a JSON body."""

    body: Any = None
    status: int = 200


FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
NO_CONTENT: Final = Reply(status=204)
Handler = Callable[[Call], Reply]
RateName = Literal["create_message", "edit_message", "delete_message", "reaction", "webhook", "other", "none"]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation of Discord's API. `needs_token` is false where the address itself is the secret.

    `rate` names the bucket's rule; with "none" there is no bucket and no header of one.
    """

    method: str
    template: str
    handler: Handler
    rate: RateName = "other"
    needs_token: bool = True

    @property
    def is_interaction(self) -> bool:
        """Interaction endpoints are exempt from the global limit (Discord, "Rate limits")."""
        return not self.needs_token

    def major(self, params: Mapping[str, str]) -> str:
        """The part of a bucket's name that is in the path: channel, guild, or webhook with its token."""
        keys = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_id")
        return ":".join(params[key] for key in keys if key in params)

    def clean_path(self, params: Mapping[str, str]) -> str:
        """The path without its secrets."""
        shown = {key: "…" if key.endswith("token") else value for key, value in params.items()}
        return self.template.format(**shown)


def limited(verdict: Verdict) -> DiscordError:
    """The answer 429 in Discord's shape."""
    more: Json = {"retry_after": round(verdict.retry_after_s, 3), "global": verdict.is_global}
    message = "Maximum number of edits to messages older than 1 hour reached. Try again later"
    return DiscordError(
        429, verdict.code, message if verdict.code == 30046 else "You are being rate limited.", more=more
    )


async def read_call(backend: Backend, request: web.Request, params: Mapping[str, str]) -> Call:
    """Read the body, JSON or a form. Refused with 50109 where it is neither."""
    uploads: dict[str, Upload] = {}
    body: Any = None
    is_multipart = request.content_type == "multipart/form-data"
    if request.content_type in FORMS:
        body, uploads = await _read_form(request)
    else:
        raw = await request.read()
        if raw:
            if request.content_type != "application/json":
                raise refusal(50109)
            body = _parse(raw)
    return Call(
        backend=backend, params=params, query=request.query, body=body, uploads=uploads, is_multipart=is_multipart
    )


def _parse(raw: bytes) -> Any:
    try:
        return parse(raw)
    except (ValueError, RecursionError) as error:
        raise refusal(50109) from error


async def _read_form(request: web.Request) -> tuple[Any, dict[str, Upload]]:
    """`payload_json`, or without it the plain fields, and the files by the number in `files[n]`."""
    fields: Json = {}
    uploads: dict[str, Upload] = {}
    form = await request.post()
    for name, value in form.items():
        if isinstance(value, web.FileField):
            key = name[6:-1] if name.startswith("files[") else str(len(uploads))
            uploads[key] = Upload(filename=value.filename, content=value.file.read(), content_type=value.content_type)
        else:
            # Bytes where the part names a content type, as hikari's application/json does; aiohttp has no type for it.
            part: str | bytes | bytearray = value
            fields[name] = part if isinstance(part, str) else part.decode("utf-8", "replace")
    payload = fields.get("payload_json")
    return (shapes.from_form(fields) if payload is None else decode_object(payload)), uploads
