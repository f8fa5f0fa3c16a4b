"""One check of a result, run as often as it takes to believe it; counterpart of `steps/checks.py`, which runs them all.

As the result stands, with a canary that passes; on the base, unless that is known; with the base's tests and
definitions put back, and a canary that fails; new tests on the base's sources; what failed once more. Each run has a
checkout of its own (docs/contracts/runs.md, *Evidence*).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from ompycord.domain.checking.probe import Probe
from ompycord.domain.configuration.repository_file import Configured
from ompycord.domain.events import CheckFinished, CheckProved, FailedTest
from ompycord.domain.ids import RunId
from ompycord.domain.ports import CheckRun, Comparison
from ompycord.domain.ports.trees import ResultTrees, TreeEntry, tree_name
from ompycord.domain.repository import CheckSpec
from ompycord.engines.context import StepContext
from ompycord.text import cut

__all__ = ["Verified", "Verifier"]

_FORM: Final = "1"
"""Of what is kept of a base; another one is run again."""
_RERUNS: Final = 2
_RERUN: Final = 20
"""Failing tests that are run again; more did not fail by chance."""
_NAMES: Final = 20
_HOST: Final = 100
_SENTENCE: Final = 300
_RED: Final = frozenset({"failed", "timeout"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What became of one check."""

    finished: CheckFinished
    proved: CheckProved | None = None
    """None where it could not run."""
    errors: tuple[FailedTest, ...] = ()

    @property
    def is_red(self) -> bool:
        """Whether something fails that is held against the result."""
        return self.finished.status in _RED and not (self.proved is not None and self.proved.only_old)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A run of a check beside the base's."""

    ran: CheckRun
    old: frozenset[str] = frozenset()
    """Tests that failed on the base already."""
    unstable: frozenset[str] = frozenset()

    @property
    def failing(self) -> frozenset[str]:
        return frozenset(name for name, status in (self.ran.tests or {}).items() if status == "failed")


class Verifier:
    """Verifies the checks of one result."""

    def __init__(
        self,
        *,
        run: RunId,
        configured: Configured,
        context: StepContext,
        trees: ResultTrees,
        compared: Comparison,
        versions: Mapping[str, str],
    ) -> None:
        """`versions` are those of the services, by name."""
        self._run_id = run
        self._repository = configured.repository
        self._secrets = configured.secrets_of("checks")
        self._attached = configured.attached_to("checks")
        self._configured = configured
        self._versions = versions
        self._context = context
        self._trees = trees
        self._compared = compared

    async def verify(self, spec: CheckSpec) -> Verified:
        """All runs of one check. Raises WorkspaceError, StorageError."""
        ran = await self._run(spec, None, Probe())
        base = await self._base(spec) if ran.tests is not None or ran.finished.status in _RED else None
        if _is_hidden(ran, "passes") and base is not None and base.canary is None:  # no canary lives here
            ran = await self._run(spec, None, None)
        if ran.finished.status in {"missing", "error"}:
            return Verified(finished=ran.finished, proved=_lied(spec, ran) if _is_hidden(ran, "passes") else None)
        judged = await self._again(spec, ran, None, _failed_in(base))
        proved = await self._proved(spec, judged, base)
        return Verified(finished=judged.ran.finished, proved=proved, errors=judged.ran.errors)

    # -- runs ----------------------------------------------------------------------------------------------------------

    async def _run(self, spec: CheckSpec, tree: Mapping[str, TreeEntry] | None, probe: Probe | None) -> CheckRun:
        checkout = self._context.results.checkout(self._run_id, self._repository, with_git=spec.git, tree=tree)
        has_proxy = spec.network == "gateway" and bool(spec.hosts)
        opened = self._context.proxies
        proxy = opened(self._run_id, spec.hosts, "checks", self._attached) if has_proxy else nullcontext()
        services = self._configured.services_of("checks", spec)
        async with checkout as path, proxy as listener:
            run = self._context.checks.run
            ran = await run(
                self._run_id, spec, path, probe, secrets=self._secrets, services=services, listener=listener
            )
            return ran if listener is None else _with_refused(ran, listener.refused)

    async def _base(self, spec: CheckSpec) -> CheckRun | None:
        """How the check ends on the base; None where nothing could be told."""
        definition = spec.model_dump_json(exclude={"name"})
        granted = " ".join(sorted((*self._secrets, *(f"{one.secret}@{one.host}" for one in self._attached))))
        beside = "".join(
            f" {one.model_dump_json()} {self._versions.get(one.name, '')}"
            for one in self._configured.services_of("checks", spec)
        )
        key = sha256(f"{_FORM} {tree_name(self._trees.base)} {definition}{granted}{beside}".encode()).hexdigest()
        known = await self._context.check_history.baseline(key)
        if known is not None:
            return known
        ran = await self._run(spec, self._trees.base, Probe())
        if _is_hidden(ran, "passes"):
            ran = await self._run(spec, self._trees.base, None)
        if ran.finished.status not in {"passed", *_RED}:
            return None
        await self._context.check_history.keep_baseline(key, ran, at=self._context.now_ms())
        return ran

    async def _again(
        self, spec: CheckSpec, ran: CheckRun, tree: Mapping[str, TreeEntry] | None, old: frozenset[str]
    ) -> _Judged:
        """What failed is run again, each time in a fresh checkout; what passes then is unstable."""
        judged = _Judged(ran=ran, old=old)
        red = judged.failing - old
        if ran.canary is None or not red or len(red) > _RERUN or ran.finished.status != "failed":
            return judged
        passed: set[str] = set()
        for _ in range(_RERUNS):
            more = await self._run(spec, tree, Probe(only=red - passed))
            passed |= {name for name in red if (more.tests or {}).get(name) == "passed"}
            if len(passed) == len(red):
                break
        return replace(judged, ran=_repeated(ran, passed), unstable=frozenset(passed))

    # -- judging -------------------------------------------------------------------------------------------------------

    async def _proved(self, spec: CheckSpec, judged: _Judged, base: CheckRun | None) -> CheckProved:
        ran = judged.ran
        old = judged.failing & judged.old
        is_old = ran.finished.status in _RED and (judged.failing <= judged.old if judged.failing else _is_red(base))
        proof = CheckProved(
            check=spec.name,
            base=None if base is None else "failed" if _is_red(base) else "passed",
            base_tests=None if base is None else _total(base.finished) or None,
            old_failing=_names(old),
            only_old=is_old,
            unstable=_names(judged.unstable),
        )
        proof = await self._with_history(spec, proof)
        if ran.finished.status in _RED:
            return proof
        lost, lost_total = _lost(ran, base)
        proof = proof.model_copy(update={"lost": _names(lost), "lost_total": lost_total})
        return await self._red_first(spec, await self._with_base(spec, proof, judged, base), judged, base)

    async def _with_history(self, spec: CheckSpec, proof: CheckProved) -> CheckProved:
        if not proof.unstable:
            return proof
        history, place = self._context.check_history, (self._repository.name, spec.name)
        before = await history.unstable(*place, proof.unstable)
        await history.keep_unstable(self._run_id, *place, proof.unstable, at=self._context.now_ms())
        return proof.model_copy(update={"unstable_before": max(before.values(), default=0)})

    async def _with_base(
        self, spec: CheckSpec, proof: CheckProved, judged: _Judged, base: CheckRun | None
    ) -> CheckProved:
        """The result's sources with the base's tests and definitions; with a canary that must fail."""
        is_same = self._compared.with_base == self._trees.result
        if is_same and judged.ran.canary is None:
            return proof.model_copy(update={"with_base": "same"})
        tree = None if is_same else self._compared.with_base
        probe = None if judged.ran.canary is None else Probe(canary="fails")
        ran = await self._run(spec, tree, probe)
        if _is_hidden(ran, "fails"):
            return proof.model_copy(update={"canary": "hidden", "lie": ran.finished.detail})
        again = await self._again(spec, ran, tree, judged.old)
        missing = _unproved(again.ran, base)
        passed = again.ran.finished.status == "passed" and not missing
        return proof.model_copy(
            update={
                "canary": None if judged.ran.canary is None else "seen",
                "with_base": ("same" if is_same else "passed") if passed else "failed",
                "with_base_failing": () if passed else _names(again.failing | missing),
                "unstable": _names(judged.unstable | again.unstable),
            }
        )

    async def _red_first(
        self, spec: CheckSpec, proof: CheckProved, judged: _Judged, base: CheckRun | None
    ) -> CheckProved:
        """New tests on the base's sources: those that pass there prove nothing of the change."""
        if base is None or base.tests is None or judged.ran.tests is None or judged.ran.canary is None:
            return proof
        new = frozenset(name for name in judged.ran.tests if name not in base.tests)
        if not new or self._compared.on_base == self._trees.base:
            return proof.model_copy(update={"new_total": len(new)})
        ran = await self._run(spec, self._compared.on_base, Probe(only=new))
        green = {name for name in new if (ran.tests or {}).get(name) == "passed"}
        return proof.model_copy(update={"new_total": len(new), "new_green": _names(green)})


def _with_refused(ran: CheckRun, refused: Sequence[str]) -> CheckRun:
    """What did not pass, with the last host that it wanted and may not reach."""
    finished = ran.finished
    if not refused or finished.status == "passed":
        return ran
    detail = f"{finished.detail or finished.status}. It wanted {refused[-1][:_HOST]}, which is not in its hosts"
    return ran.model_copy(update={"finished": finished.model_copy(update={"detail": cut(detail, _SENTENCE)})})


def _is_red(ran: CheckRun | None) -> bool:
    return ran is not None and ran.finished.status in _RED


def _is_hidden(ran: CheckRun, canary: str) -> bool:
    """Whether the canary did not end as it must, although nothing else is red."""
    expected = "passed" if canary == "passes" else "failed"
    return ran.finished.status == "error" and ran.canary is not None and (ran.canary != expected or bool(ran.unfailing))


def _lied(spec: CheckSpec, ran: CheckRun) -> CheckProved:
    return CheckProved(check=spec.name, canary="hidden", lie=ran.finished.detail)


def _failed_in(base: CheckRun | None) -> frozenset[str]:
    tests = base.tests if base is not None and base.tests is not None else {}
    return frozenset(name for name, status in tests.items() if status == "failed")


def _lost(ran: CheckRun, base: CheckRun | None) -> tuple[frozenset[str], int]:
    """Tests that passed on the base and now neither pass nor fail; a number where they have no names."""
    if base is None:
        return frozenset(), 0
    if ran.tests is None or base.tests is None:
        return frozenset(), max(_total(base.finished) - _total(ran.finished), 0)
    passed = (name for name, status in base.tests.items() if status == "passed")
    missing = frozenset(name for name in passed if ran.tests.get(name) not in {"passed", "failed"})
    return missing, len(missing)


def _unproved(ran: CheckRun, base: CheckRun | None) -> frozenset[str]:
    """Tests of the base, however they ended there, that neither pass nor fail with the result's sources."""
    if ran.tests is None or base is None or base.tests is None:
        return frozenset()
    counted = (name for name, status in base.tests.items() if status != "skipped")
    return frozenset(name for name in counted if ran.tests.get(name) not in {"passed", "failed"})


def _total(finished: CheckFinished) -> int:
    return (finished.passed or 0) + (finished.failed or 0)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))[:_NAMES]


def _repeated(ran: CheckRun, passed: Collection[str]) -> CheckRun:
    """The run as it is once these tests passed when they were run again."""
    if not passed:
        return ran
    tests = {name: "passed" if name in passed else status for name, status in (ran.tests or {}).items()}
    failing = [name for name, status in tests.items() if status == "failed"]
    finished = ran.finished.model_copy(
        update={
            "status": "failed" if failing else "passed",
            "failed": len(failing),
            "passed": (ran.finished.passed or 0) + len(passed),
            "failing": tuple(failing[:_NAMES]),
            "detail": f"{len(passed)} passed only when run again",
        }
    )
    errors = tuple(error for error in ran.errors if error.test not in passed)
    return ran.model_copy(update={"tests": tests, "finished": finished, "errors": errors})
