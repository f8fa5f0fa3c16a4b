"""REST: the answer to an interaction and the messages that follow it, under the interaction's own token."""

from typing import Final

from ompycord.playground.rest.call import NO_CONTENT, Call, Reply, Route
from ompycord.playground.rules.documents import Json
from ompycord.playground.world import views


def callback(call: Call) -> Reply:
    """`POST /interactions/{interaction_id}/{interaction_token}/callback`."""
    params = call.params
    answer = call.services.interactions.answer(
        params["interaction_id"], params["interaction_token"], call.form, call.uploads
    )
    return Reply(body=answer) if call.query.get("with_response", "").lower() in ("1", "true") else NO_CONTENT


def follow_up(call: Call) -> Reply:
    """`POST /webhooks/{webhook_id}/{webhook_token}`."""
    made = call.services.interactions.follow_up(_record(call), call.form, call.uploads)
    return Reply(body=_shown(call, made))


def get_followed(call: Call) -> Reply:
    """`GET /webhooks/{webhook_id}/{webhook_token}/messages/@original`."""
    return Reply(body=_shown(call, _message(call)))


def edit_followed(call: Call) -> Reply:
    """`PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original`."""
    edited = call.services.interactions.fill(_message(call), call.form, call.uploads)
    return Reply(body=_shown(call, edited))


def delete_followed(call: Call) -> Reply:
    """`DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original`."""
    call.services.messages.delete(_message(call))
    return NO_CONTENT


def _record(call: Call) -> Json:
    return call.services.interactions.by_token(call.params["webhook_id"], call.params["webhook_token"])


def _message(call: Call) -> Json:
    record = _record(call)
    interactions = call.services.interactions
    message_id = call.params.get("message_id")
    return interactions.original(record) if message_id is None else interactions.message_of(record, message_id)


def _shown(call: Call, message: Json) -> Json:
    return views.show(call.services.core, message, viewer=call.services.core.world.bot_id)


_HOOK: Final = "/webhooks/{webhook_id}/{webhook_token}"
ROUTES: Final = [
    Route(
        method="POST",
        template="/interactions/{interaction_id}/{interaction_token}/callback",
        handler=callback,
        rate="none",  # hikari counts on it: a bucket header here is an error to it
        needs_token=False,
    ),
    Route(method="POST", template=_HOOK, handler=follow_up, rate="webhook", needs_token=False),
    *(
        Route(method=method, template=f"{_HOOK}/messages/{target}", handler=handler, rate="webhook", needs_token=False)
        for target in ("@original", "{message_id}")
        for method, handler in (("GET", get_followed), ("PATCH", edit_followed), ("DELETE", delete_followed))
    ),
]
