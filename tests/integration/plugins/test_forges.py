"""Kinds of forges, of the template, ours and broken ones, before the rules of publishing; and one behind its guard."""

import asyncio
import dataclasses
import threading
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, cast

import pytest

from ompycord.app.forges import connections
from ompycord.app.forges.access import inspect_access
from ompycord.app.forges.connections import ForgeConnections
from ompycord.app.forges.guarded import MOST_S, guarded
from ompycord.app.plugins.forge_rules import judge_forge
from ompycord.app.plugins.template import project_files
from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.domain.ports import ProposedPullRequest
from ompycord.entry_points import Registry
from ompycord.errors import ForgeFailed, ForgeUnanswered
from ompycord.forge.kind import ForgeConnection, ForgeKind, ForgeTrial
from ompycord.forge.registry import FORGE_KINDS
from ompycord.plugins import own_loop
from ompycord.plugins.calls import PluginCalls
from ompycord.testing import FakeClock
from tests.support.forge_double import REPOSITORY, TOKEN, Fault, forge_double
from tests.support.patience import until, within
from tests.support.verified_run import make_repository


@cache
def template() -> ModuleType:
    made = ModuleType("ompycord_glade")
    exec(compile(project_files("forge", "glade")["ompycord_glade.py"], "glade", "exec"), made.__dict__)  # our text
    return made


def kind(**changes: Any) -> ForgeKind[Any]:
    return dataclasses.replace(template().FORGE, **changes)


async def broken(record: ForgeKind[Any]) -> Mapping[str, str]:
    return {one.rule: one.why for one in await judge_forge(record) if not one.kept}


async def test_the_one_of_the_template_keeps_every_rule() -> None:
    assert await broken(kind()) == {}


@pytest.mark.parametrize("name", FORGE_KINDS.names)
async def test_ours_keep_every_rule_too(name: str, tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"total.py": b"x = 1\n"})

    @asynccontextmanager
    async def trial(folder: Path) -> AsyncGenerator[ForgeTrial]:
        async with forge_double(folder / "forge", tmp_path / "shop", kind=name) as double:
            who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
            head = double.git_line(*who, "commit-tree", "-p", "main", "-m", "fix", "main^{tree}")
            double.git_line("update-ref", "refs/heads/ompycord/fix", head)
            issue = double.forge.add_issue("anna", REPOSITORY, {"title": "It is slow", "body": "Very."})
            (folder / "token").write_text(TOKEN)
            yield ForgeTrial(
                options={**double.settings, "token_file": folder / "token"},
                head="ompycord/fix", head_commit=head, base="main", issue=issue["number"],
                lose_answer=lambda: double.faults.append(Fault("POST", "", after=True)),
                opened=lambda: len(double.pulls),
            )  # fmt: skip

    assert await broken(dataclasses.replace(FORGE_KINDS.get(name), trial=trial)) == {}


if TYPE_CHECKING:

    class Glade:
        """What the template writes, as far as it is changed here."""

        _server: Any

        def __init__(self, spec: Any, connection: ForgeConnection) -> None: ...
        async def open(self, proposed: ProposedPullRequest) -> Any: ...
        async def put_comment(self, number: int, text: str, *, marker: str, known: int | None = None) -> int: ...
        async def examine(self, *, branch: str = "") -> Any: ...
        async def issue(self, number: int) -> Any: ...
        async def edit_body(self, number: int, body: str) -> None: ...
        def _said(self, number: int, text: str) -> int: ...
else:
    Glade = template().GladeForge


class _OpensASecond(Glade):
    async def open(self, proposed: ProposedPullRequest) -> Any:
        content = self._server.read()
        content["pulls"] = [one | {"state": "closed"} for one in content["pulls"]]
        self._server.write(content)
        return await super().open(proposed)


class _SendsAgain(Glade):
    """After a lost answer it sends again without a look."""

    async def put_comment(self, number: int, text: str, *, marker: str, known: int | None = None) -> int:
        try:
            return await super().put_comment(number, text, marker=marker, known=known)
        except ForgeUnanswered:
            return self._said(number, text)

    def _said(self, number: int, text: str) -> int:
        try:
            return super()._said(number, text)
        except ForgeUnanswered:
            return super()._said(number, text)


class _TellsItsToken(Glade):
    def __init__(self, spec: Any, connection: ForgeConnection) -> None:
        super().__init__(spec, connection)
        self._token = connection.token

    async def examine(self, *, branch: str = "") -> Any:
        try:
            return await super().examine(branch=branch)
        except ForgeFailed as error:
            raise ForgeFailed(error.fault, f"{error} It was {self._token()}.") from None


class _RaisesItsOwn(Glade):
    async def issue(self, number: int) -> Any:
        return self._server.read()["issues"][str(number)]


class _AsksAlways(Glade):
    def __init__(self, spec: Any, connection: ForgeConnection) -> None:
        super().__init__(spec, dataclasses.replace(connection, rests=_Never()))


class _Never:
    def require(self, spec: object) -> None: ...
    def answered(self, spec: object) -> None: ...
    def failed(self, spec: object) -> None: ...


class _AnswersAny(Glade):
    """Whatever repository is asked for, it is the one that there is."""

    def __init__(self, spec: Any, connection: ForgeConnection) -> None:
        super().__init__(spec.model_copy(update={"repository": "acme/shop"}), connection)


@pytest.mark.parametrize(
    ("forge", "rule"),
    [
        (_OpensASecond, "adopts its open pull request instead of a second"),
        (_SendsAgain, "looks before it repeats what may be there"),
        (_TellsItsToken, "repeats no credential in an error"),
        (_RaisesItsOwn, "shows what is open and what was written"),
        (_AsksAlways, "asks nothing while the forge rests"),
        (_AnswersAny, "refuses by kind and answers no other repository"),
    ],
)
async def test_one_that_breaks_a_rule_is_told_which(forge: Any, rule: str) -> None:
    assert rule in await broken(kind(proposing=forge, following=forge))


async def test_one_without_a_double_cannot_be_tried() -> None:
    assert set((await broken(kind(trial=None))).values()) == {
        "its record has no trial, which runs a double of the forge"
    }


class _FailsInMoreWays(Glade):
    def __init__(self, spec: Any, connection: ForgeConnection) -> None:
        super().__init__(spec, connection)
        self.began = threading.Event()

    async def examine(self, *, branch: str = "") -> Any:
        raise KeyError("s3cret")

    async def pull_request(self, number: int) -> Any:
        raise asyncio.CancelledError

    async def edit_body(self, number: int, body: str) -> None:
        self.began.set()
        LET_GO.wait()  # as a client that knows no asyncio, without a time-out


LET_GO = threading.Event()


async def test_what_its_code_raises_is_a_failed_forge_and_what_blocks_has_an_end() -> None:
    spec = template().GladeOptions(repository="acme/shop", token_file="t", file="f")
    clock, made = FakeClock(), _FailsInMoreWays
    connection = ForgeConnection(token=lambda: "t", clock=clock, rests=_Never())
    calls = PluginCalls("glade", clock=clock)
    forge: Any = guarded(lambda: cast("Any", made(spec, connection)), spec=spec, calls=calls)
    broken = r"acme/shop: its kind of forge, glade, failed at \w+ \((Key|Cancelled)Error"
    for call in (forge.examine(), forge.pull_request(1)):
        with pytest.raises(ForgeFailed, match=broken) as one:
            await call
        assert (one.value.fault, "s3cret" in f"{one.value} {one.value.__cause__!r}") == ("broken", False)
    with pytest.raises(ForgeUnanswered, match="cannot be read"):
        await forge.marks.set_status("a", template().CommitStatus(context="c", state="error", description="d"))
    try:
        async with within(10), asyncio.TaskGroup() as group:
            slow = group.create_task(_refused(forge.edit_body(1, "x")))
            await until(forge.began.is_set)
            clock.advance(MOST_S)
        assert "did not answer within 300 s" in slow.result()
        assert "has not ended an earlier call" in await _refused(forge.examine())
        with pytest.raises(ForgeUnanswered, match="has not ended an earlier call"):  # nor is there another thread of it
            guarded(lambda: cast("Any", made(spec, connection)), spec=spec, calls=calls)
    finally:
        LET_GO.set()
    await until(lambda: not calls.is_busy)
    await forge.close()


async def _refused(call: Coroutine[Any, Any, object]) -> str:
    """Why a forge that cannot be reached gave no answer."""
    with pytest.raises(ForgeUnanswered) as refused:
        await call
    return str(refused.value)


async def test_one_that_cannot_be_made_is_a_failed_forge() -> None:
    spec, made = template().GladeOptions(repository="acme/shop", token_file="t", file="f"), cast("Any", Glade)
    with pytest.raises(ForgeFailed, match="failed at made"):
        guarded(lambda: made(None), spec=spec, calls=PluginCalls("glade", clock=FakeClock()))


async def test_what_still_blocks_gets_no_second_connection_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each look at its pull requests would leave one more thread behind."""
    made: list[_FailsInMoreWays] = []

    def blocking(spec: Any, connection: ForgeConnection) -> Any:
        made.append(_FailsInMoreWays(spec, connection))
        return made[-1]

    async def left() -> str:
        """Why a call of a new connection gave no answer; what blocks there is left at once."""

        async def edit() -> None:
            async with forges.proposing(spec) as forge:
                await forge.edit_body(1, "x")

        async with within(20), asyncio.TaskGroup() as group:
            leaving = group.create_task(_refused(edit()))

            def is_left() -> bool:
                if made and made[-1].began.is_set():
                    clock.advance(MOST_S)
                return leaving.done()

            await until(is_left)
        return leaving.result()

    monkeypatch.setattr(own_loop, "END_S", 0.05)
    use(monkeypatch, dataclasses.replace(template().FORGE, proposing=blocking))
    monkeypatch.setattr(f"{__name__}.LET_GO", let_go := threading.Event())
    (tmp_path / "token").write_text("t" * 20)
    spec, clock = template().GladeOptions(repository="acme/shop", token_file="token", file="f"), FakeClock()
    forges = ForgeConnections(ForgeCredentials(tmp_path, clock=clock, learn=lambda _: None), clock)
    try:
        assert "did not answer within 300 s" in await left()
        assert "has not ended an earlier call" in await left()
        assert len(made) == 1
    finally:
        let_go.set()


def use(monkeypatch: pytest.MonkeyPatch, record: ForgeKind[Any]) -> None:
    """The kind is that of another package."""
    monkeypatch.setattr(f"{__name__}.USED", record, raising=False)
    declared = [("ompycord-glade", EntryPoint("glade", f"{__name__}:USED", "ompycord.forges"))]
    kinds: Registry[ForgeKind[Any]] = Registry(group="", record=ForgeKind, what="kind of forge", declared=declared)
    monkeypatch.setattr(connections, "FORGE_KINDS", kinds)


async def test_one_of_another_package_is_made_with_its_own_options_and_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, template().FORGE)
    async with template().FORGE.trial(tmp_path) as trial:
        spec = template().FORGE.options.model_validate({**trial.options, "token_file": "token"})
        learned: list[str] = []
        credentials = ForgeCredentials(tmp_path, clock=FakeClock(), learn=learned.extend)
        forges = ForgeConnections(credentials, FakeClock())
        judged = await inspect_access(forges.proposing, spec, now=0)
        async with forges.following(spec) as following:
            assert await following.has_branch(trial.head)
        (tmp_path / "token").write_text("a" * 20)
        refused = await inspect_access(forges.proposing, spec, now=0)
        (tmp_path / "forge.json").write_text("{}")
        broken = await inspect_access(forges.proposing, spec, now=0)
    assert (judged.status, judged.text) == (
        "ok",
        f"acme/shop as ompycord-bot, the token may push. It needs {spec.rights.least}",
    )
    assert (refused.status, refused.text) == ("fail", "acme/shop: the token was refused.")
    assert broken.text == "acme/shop: its kind of forge, glade, failed at examine (KeyError)."
    assert set(learned) == {"t" * 20, "a" * 20}


def test_a_kind_without_a_name_of_its_own_is_none() -> None:
    class NoName(template().GladeOptions):
        kind: str = "glade"

    with pytest.raises(TypeError, match="must be a Literal of one name"):
        kind(options=NoName)

    class Odd(template().GladeOptions):
        kind: Literal["odd"] = "odd"
        git_user = "a\nb"

    with pytest.raises(TypeError, match="git_user"):
        kind(options=Odd)
