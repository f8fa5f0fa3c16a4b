"""The body and its signature: the public envelope, the same bytes each time, verified by the reference library."""

import json
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from ompycord.domain import events as ev
from ompycord.domain.deliveries import Delivery, Notification, StoredDelivery, Topic, streamed
from ompycord.domain.ids import OMPYCORD
from ompycord.http import parse_secret
from ompycord.notify import body_of, signed_message
from tests.support.notifications import ONE

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_760_000_000_000


def stored(seq: int = 3) -> StoredDelivery:
    event = ev.RunEvent(
        run=ONE,
        source=OMPYCORD,
        seq=7,
        at=NOW,
        body=ev.QuestionAsked(question="q1", text="Which one? ✅"),
        id=ONE,
        position=41,
    )
    one = Delivery(
        id=f"ci-{ONE}",
        destination="ci",
        topic=Topic.QUESTION,
        run=ONE,
        content=streamed(event).model_dump(mode="json"),
        created_at=NOW,
    )
    return StoredDelivery(delivery=one, seq=seq, next_at=NOW)


def test_the_body_is_the_event_as_a_stream_shows_it_and_which_delivery_it_is() -> None:
    body = json.loads(body_of(stored()))
    assert body["delivery"] == {"id": f"ci-{ONE}", "destination": "ci", "topic": "question", "seq": 3}
    assert (body["schema"], body["type"], body["run"], body["seq"]) == ("ompycord/event@1", "question.asked", ONE, 7)
    assert body["data"]["text"] == "Which one? ✅"
    read = Notification.model_validate(body)
    assert (read.position, read.delivery.seq, read.at.year) == (41, 3, 2025)


def test_each_try_has_the_same_body_and_id_and_a_time_and_signature_of_its_own() -> None:
    one, secret = stored(), parse_secret(SECRET)
    body, now = body_of(one), time.time_ns() // 1_000_000  # the reference library has no other clock
    assert body == body_of(one.model_copy(update={"attempts": 5, "error": "answered 500"}))
    message_of = signed_message(secret)
    (sent, first), (_, later) = (message_of(one, now_ms) for now_ms in (now, now + 60_000))
    assert sent == body
    assert first["webhook-id"] == later["webhook-id"]
    assert first["webhook-timestamp"] != later["webhook-timestamp"]
    assert first["webhook-signature"] != later["webhook-signature"]
    judge = Webhook(SECRET)
    for headers in (first, later):
        judge.verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            judge.verify(body + b" ", headers)
