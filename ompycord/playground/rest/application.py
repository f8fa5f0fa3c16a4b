"""REST: who the bot is, its application, and where the gateway is."""

from typing import Final

from ompycord.playground.rest.call import Call, Reply, Route
from ompycord.playground.rules import shapes


def me(call: Call) -> Reply:
    """`GET /users/@me`."""
    world = call.services.core.world
    return Reply(
        body={**world.user(world.bot_id), "mfa_enabled": False, "locale": "en-US", "verified": True, "email": None}
    )


def edit_me(call: Call) -> Reply:
    """`PATCH /users/@me`."""
    world = call.services.core.world
    stored = world.storage.get("user", world.bot_id) or {}
    shapes.require(call.form, {"username": str})
    if call.form.get("username"):
        stored["username"] = call.form["username"]
        world.storage.put("user", world.bot_id, stored)
    return me(call)


def user(call: Call) -> Reply:
    """`GET /users/{user_id}`."""
    return Reply(body=call.services.core.world.user(call.params["user_id"]))


def application(call: Call) -> Reply:
    """`GET /oauth2/applications/@me`, `GET /applications/@me`."""
    return Reply(body=call.services.core.world.application_to_api())


def edit_application(call: Call) -> Reply:
    """A bot may change its description and switch its own limited intent flags."""
    world = call.services.core.world
    shapes.require(call.form, {"description": str, "flags": int, "tags": [str]})
    stored = world.application
    for key in ("description", "flags", "tags"):
        if key in call.form:
            stored[key] = call.form[key]
    world.storage.put("application", stored["id"], stored)
    return application(call)


def gateway(call: Call) -> Reply:
    """`GET /gateway`."""
    return Reply(body={"url": call.services.core.gateway_url})


def gateway_bot(call: Call) -> Reply:
    """`GET /gateway/bot`."""
    core = call.services.core
    limit = {
        "total": 1000,
        "remaining": call.backend.gateway.identifies_left,
        "reset_after": 86_400_000,
        "max_concurrency": 1,
    }
    return Reply(body={"url": core.gateway_url, "shards": 1, "session_start_limit": limit})


ROUTES: Final = [
    Route(method="GET", template="/users/@me", handler=me),
    Route(method="PATCH", template="/users/@me", handler=edit_me),
    Route(method="GET", template="/users/{user_id}", handler=user),
    Route(method="GET", template="/oauth2/applications/@me", handler=application),
    Route(method="GET", template="/applications/@me", handler=application),
    Route(method="PATCH", template="/applications/@me", handler=edit_application),
    Route(method="GET", template="/gateway", handler=gateway, needs_token=False),
    Route(method="GET", template="/gateway/bot", handler=gateway_bot),
]
