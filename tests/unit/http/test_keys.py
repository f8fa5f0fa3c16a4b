"""The key ring: who is let in, and as whom."""

import itertools

import pytest

from ompycord.domain.authority import SourceKind
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.records import KeyRecord, Scope
from ompycord.errors import ConfigurationError
from ompycord.http import SHARED_KEY, KeySet, mint_bearer, mint_hmac, parse_secret, sign
from ompycord.http.token_bucket import Rates

NOW = 1_780_000_000_000
SHARED = "a shared secret of more than 24 characters"
RUN = RunId("01KSR492000000000000000001")


class Clock:
    def __init__(self) -> None:
        self.wall_ms = NOW
        self.seconds = 0.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_s(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Ids:
    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def ulid(self) -> str:
        return new_ulid(now_ms=NOW, entropy=next(self.numbers).to_bytes(10))

    def token(self) -> str:
        return f"{next(self.numbers):04d}".ljust(43, "a")


def mint(**more: object) -> tuple[KeyRecord, str]:
    record, token = mint_bearer(ids=Ids(), now_ms=NOW, name="ci", scopes=[Scope.EVENTS_WRITE])
    return KeyRecord.model_validate({**record.model_dump(), **more}), token


def ring(*records: KeyRecord, clock: Clock | None = None, shared: str | None = None) -> KeySet:
    made = KeySet(clock=clock or Clock())
    made.replace(records, hmac_secrets={}, shared_secret=shared, shared_channel="builds")
    return made


def test_a_minted_key_opens_and_is_stored_only_as_its_hash() -> None:
    record, token = mint()
    assert token.startswith(f"ompk_{record.id}_")
    assert len(token) == 5 + 8 + 1 + 43
    assert token not in record.model_dump_json()
    key = ring(record).by_bearer(token, is_local=False)
    assert key is not None
    assert (key.id, key.scopes, key.kind) == (record.id, record.scopes, SourceKind.EXTERNAL)


def test_a_key_of_a_run_speaks_for_its_agent() -> None:
    record, token = mint(run=RUN)
    key = ring(record).by_bearer(token, is_local=False)
    assert key is not None
    assert (key.run, key.kind) == (RUN, SourceKind.RUN_KEY)


@pytest.mark.parametrize("change", [{"revoked_at": NOW}, {"expires_at": NOW}, {"sha256": "0" * 64}, {"id": "other"}])
def test_a_key_that_is_not_active_opens_nothing(change: dict[str, object]) -> None:
    record, token = mint(**change)
    assert ring(record).by_bearer(token, is_local=True) is None


def test_a_key_ends_while_it_is_held() -> None:
    clock = Clock()
    record, token = mint(expires_at=NOW + 1)
    held = ring(record, clock=clock)
    assert held.by_bearer(token, is_local=False)
    clock.wall_ms += 1
    assert held.by_bearer(token, is_local=False) is None


@pytest.mark.parametrize(
    "token", ["", "ompk_", "ompk_00000001_" + "0" * 43, "ompk_00000001_" + "é" * 43, "\udcff", SHARED[:-1]]
)
def test_a_wrong_token_opens_nothing(token: str) -> None:
    record, right = mint()
    assert token != right
    assert ring(record, shared=SHARED).by_bearer(token, is_local=True) is None


def test_the_shared_secret_is_a_bearer_only_where_nobody_listens() -> None:
    held = ring(shared=SHARED)
    key = held.by_bearer(SHARED, is_local=True)
    assert key is not None
    assert (key.id, key.channel) == (SHARED_KEY, "builds")
    assert key.scopes == {Scope.EVENTS_WRITE, Scope.RUNS_CREATE}
    assert held.by_bearer(SHARED, is_local=False) is None


def test_a_signing_key_is_found_by_what_it_signed() -> None:
    ids, clock = Ids(), Clock()
    made = [mint_hmac(ids=ids, now_ms=NOW, name=name, scopes=[Scope.EVENTS_WRITE]) for name in "ab"]
    secrets = {record.id: parse_secret(secret) for record, secret in made}
    held = KeySet(clock=clock)
    held.replace([record for record, _ in made], hmac_secrets=secrets, shared_secret=SHARED)

    def found(secret: bytes) -> str | None:
        timestamp = str(NOW // 1000)
        signature = sign(secret, webhook_id="m", timestamp=timestamp, body=b"x")
        key = held.by_signature(webhook_id="m", timestamp=timestamp, signature=signature, body=b"x")
        return None if key is None else key.id

    assert [found(secret) for secret in secrets.values()] == [record.id for record, _ in made]
    assert found(SHARED.encode()) == SHARED_KEY
    held.replace([made[0][0]], hmac_secrets={})
    assert [found(secret) for secret in secrets.values()] == [None, None]


def test_a_short_shared_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        ring(shared="short")


def test_a_rate_fills_up_again() -> None:
    clock = Clock()
    rates = Rates(clock=clock, per_s=100, burst=500)
    assert rates.wait_s("a", 500) == 0
    assert rates.wait_s("a", 50) == pytest.approx(0.5)
    assert rates.wait_s("b", 1) == 0
    clock.seconds += 0.5
    assert rates.wait_s("a", 50) == 0
    assert rates.wait_s("a", 1) > 0
    clock.seconds += 3600
    assert rates.wait_s("a", 500) == 0
    assert rates.wait_s("a", 1) > 0
