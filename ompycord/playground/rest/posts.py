"""REST: posts of a forum, which are threads that begin with a message of the same id; `threads.py` has all others."""

from ompycord.playground.rest.call import Call, Reply
from ompycord.playground.rules import bodies, channels, shapes
from ompycord.playground.rules.documents import Json, as_list, as_object, public
from ompycord.playground.rules.errors import DiscordError, Form, refusal
from ompycord.playground.world import views
from ompycord.playground.world.messages import Draft


def open_post(call: Call, forum: Json) -> Reply:
    """`POST /channels/{channel_id}/threads` in a forum: the thread, with its message."""
    core, services, form = call.services.core, call.services, call.form
    services.threads.check(form, is_alone=False)
    message = as_object(form.get("message"))
    if message is None:
        missing = Form()
        missing.required(("message",))
        raise missing.refusal()
    _check_message(call, message)
    tags = check_tags(forum, form.get("applied_tags"), most=core.limits.applied_tags)
    if forum["flags"] & channels.REQUIRE_TAG and not tags:
        raise refusal(40067)
    thread = services.threads.open_post(forum, {**form, "applied_tags": tags}, by=core.world.bot_id)
    draft = Draft(channel=thread, author=core.world.bot_id, body=message, uploads=call.uploads, id=thread["id"])
    made = services.messages.create(draft)
    shown = views.show(core, made, viewer=core.world.bot_id)
    return Reply(body={**public(core.world.channel(thread["id"])), "message": shown}, status=201)


def check_tags(forum: Json, wanted: object, *, most: int) -> list[str]:
    """The ids of the tags for a post. Refused with 50035 for too many, 10087 for one that the forum does not have."""
    tags = [str(item) for item in as_list(wanted)]
    form = Form()
    form.length(("applied_tags",), tags, 0, most)
    form.check()
    known = {item["id"] for item in as_list(forum.get("available_tags"))}
    if not set(tags) <= known:
        raise refusal(10087)
    return tags


def _check_message(call: Call, message: Json) -> None:
    """The rules of a message, with its errors at their place within the post."""
    try:
        shapes.require(message, shapes.MESSAGE)
        bodies.check_message(message, call.services.core.limits, uploads=len(call.uploads))
    except DiscordError as error:
        if "errors" not in error.body:
            raise
        raise DiscordError(
            error.status, error.body["code"], error.body["message"], {"message": error.body["errors"]}
        ) from error
