"""Which requests are accepted, and how often an address may fail; counterpart of `authentication.py`, for one request.

An address that failed too often is refused before its body is read, unless its request may be valid: behind one address
are many senders (a proxy, an office), and none locks out another. Programs of this machine are exempt, and so are
addresses from which a valid request came lately. Memory only, bounded.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from ompycord.domain.auditing.refused import WHO_MAY, RefusedAttempt
from ompycord.domain.ids import RunId
from ompycord.domain.policy import Denied, Resource, authorize
from ompycord.domain.ports import Clock, RefusalNotes
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused
from ompycord.http.authentication import authenticate, is_local, is_signed
from ompycord.http.keys import Key, KeySet
from ompycord.http.limits import HttpLimits
from ompycord.http.problems import Problem, problem_of, unauthorized
from ompycord.http.token_bucket import TokenBucket

__all__ = ["AuthCheck"]

TRUSTED_S = 600.0
"""Seconds after a valid request in which an address is not refused, whatever else comes from it."""
NETWORK = 64
"""Bits of an IPv6 address that one customer does not choose (RFC 6177)."""


@dataclass(slots=True)
class _Address:
    """The failures that an address has left, and when its last valid request came."""

    failures: TokenBucket
    valid_at: float | None = None


class AuthCheck:
    """Authenticates requests. `failures` counts those that were refused since the start."""

    def __init__(
        self, *, keyring: KeySet, clock: Clock, limits: HttpLimits, refusals: RefusalNotes | None = None
    ) -> None:
        """`refusals` are told what a key was refused."""
        self._keyring = keyring
        self._clock = clock
        self._limits = limits
        self._refusals = refusals
        self._addresses: OrderedDict[str, _Address] = OrderedDict()
        self.failures = 0

    @property
    def addresses(self) -> int:
        """How many addresses are remembered; never more than the limit."""
        return len(self._addresses)

    def check_address(self, headers: Mapping[bytes, bytes], *, peer: str | None) -> float:
        """Check before the body is read. Raises Problem `too-many-failures` (429).

        A valid key passes, and a signature that is one by its form: its body must be read before it is judged. The
        answer is for `authenticate_request`: seconds for which the address failed too often all the same.
        """
        wait_s = self._wait_s(headers, peer)
        if wait_s and not self._may_be_valid(headers, peer):
            self.failures += 1
            raise _too_many(wait_s)
        return wait_s

    def check_signed(self, headers: Mapping[bytes, bytes], *, peer: str | None, is_formed: bool) -> float:
        """The same for a signature of another system's own kind, which has the form of one or not."""
        wait_s = self._wait_s(headers, peer)
        if wait_s and not is_formed:
            self.failures += 1
            raise _too_many(wait_s)
        return wait_s

    def judge_signed(self, headers: Mapping[bytes, bytes], *, peer: str | None, is_valid: bool, wait_s: float) -> None:
        """Count such a request. Raises Problem as `authenticate_request` does where its signature is wrong."""
        address = self._address(headers, peer)
        if not is_valid:
            self._failed(address)
            raise _too_many(wait_s) if wait_s else unauthorized()
        self._is_valid_from(address)

    def _wait_s(self, headers: Mapping[bytes, bytes], peer: str | None) -> float:
        """Seconds for which this address failed too often; 0 for one that did not, or is exempt."""
        known = self._addresses.get(self._address(headers, peer))
        if known is None:
            return 0.0
        now = self._clock.monotonic_s()
        if known.valid_at is not None and now - known.valid_at < TRUSTED_S:
            return 0.0
        if is_local(headers, peer):
            return 0.0
        return known.failures.wait_s(1, now_s=now)

    def _may_be_valid(self, headers: Mapping[bytes, bytes], peer: str | None) -> bool:
        if b"webhook-signature" in headers:
            return is_signed(headers, now_s=self._clock.now_ms() / 1000)
        try:
            self._authenticate(headers, b"", peer)
        except Problem:
            return False
        return True

    def _authenticate(self, headers: Mapping[bytes, bytes], body: bytes, peer: str | None) -> Key:
        proxies = self._limits.trusted_proxies
        return authenticate(headers, body, peer=peer, keyring=self._keyring, trusted_proxies=proxies)

    def authenticate_request(
        self, headers: Mapping[bytes, bytes], body: bytes, *, peer: str | None, wait_s: float = 0.0
    ) -> Key:
        """The key behind a request. Raises Problem `unauthorized`, which counts against its address.

        It is `too-many-failures` with `wait_s`, which `check_address` gave for it.
        """
        address = self._address(headers, peer)
        try:
            key = self._authenticate(headers, body, peer)
        except Problem:
            self._failed(address)
            if wait_s:
                raise _too_many(wait_s) from None
            raise
        self._is_valid_from(address)
        return key

    def _is_valid_from(self, address: str) -> None:
        now = self._clock.monotonic_s()
        known = self._addresses.get(address) or self._remember(address, now)
        known.valid_at = now

    def require(self, key: Key, action: str, *, run: RunId | None = None) -> None:
        """Raises Problem, `scope` (403) or `unknown-run` (404), where the key may not do this; that is noted."""
        denied = authorize(key.actor, action, Resource(run=run))
        if isinstance(denied, Denied):
            self.note(key, denied.code, action, needs=" ".join(denied.needs), run=run or "")
            if denied.code is RefusalCode.NO_SUCH_RUN:
                raise Problem(denied.code)  # in the same words as for a run that is not there
            raise problem_of(Refused(denied.code, needs=" ".join(denied.needs)))

    def note(self, key: Key, code: str, what: str, *, needs: str = "", run: str = "") -> None:
        """Note for the audit what was refused to a key, where that is about who may."""
        if self._refusals is not None and code in WHO_MAY:
            by = "" if key.owner is None else f"owner {key.owner}"
            attempt = RefusedAttempt(
                surface="http", actor=f"key {key.id}", what=what, code=code, by_name=by, needs=needs, run=run
            )
            self._refusals.note(attempt)

    def _failed(self, address: str) -> None:
        self.failures += 1
        now = self._clock.monotonic_s()
        known = self._addresses.get(address) or self._remember(address, now)
        known.failures.take(1, now_s=now)
        self._addresses.move_to_end(address)

    def _remember(self, address: str, now: float) -> _Address:
        limits = self._limits
        bucket = TokenBucket(per_s=limits.failures_per_s, burst=limits.failures_burst, now_s=now)
        entry = self._addresses[address] = _Address(bucket)
        if len(self._addresses) > self._limits.addresses:
            self._addresses.popitem(last=False)
        return entry

    def _address(self, headers: Mapping[bytes, bytes], peer: str | None) -> str:
        """The address to count: the peer, or behind a listed proxy the last hop that it names."""
        if peer in self._limits.trusted_proxies:
            peer = headers.get(b"x-forwarded-for", b"").decode("latin-1").rpartition(",")[2].strip() or peer
        return _counted_as(peer or "")


def _too_many(wait_s: float) -> Problem:
    return Problem("too-many-failures", retry_after_s=wait_s, headers=((b"connection", b"close"),))


@lru_cache(maxsize=1024)
def _counted_as(peer: str) -> str:
    """The same text for all addresses of one customer."""
    try:
        parsed = ip_address(peer)
    except ValueError:
        return peer[:64]
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{int(parsed) >> (128 - NETWORK):x}::"
    return str(parsed)
