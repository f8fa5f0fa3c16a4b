"""`/omp-admin audit` and `policy`: what people did here, page by page, a run told, and who may do what; for admins."""

from pathlib import Path
from typing import Any

from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from ompycord.text.limits import MESSAGE_CONTENT
from tests.integration.bot.conftest import AppHarness, is_answer
from tests.support.playground import Playground
from tests.support.playground_person import Person

OTHER = "111111111111111111"


async def answer(who: Person, command: str, **options: Any) -> Message:
    ran = await who.command(command, "tasks", **options)
    return await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)


async def add(harness: AppHarness, guild: str, count: int, *, actor: str, text: str = "viewer") -> None:
    for number in range(count):
        detail = {"by_name": "Ada", "guild": guild, "role": f"{text} {number}"}
        await harness.store.audit(
            actor=actor, action="role.given", subject="x" * 100, detail=detail, at=harness.clock.now_ms()
        )


async def test_the_newest_rows_come_first_and_older_ones_by_a_button(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    guild = str(harness.playground.guild_id)
    async with harness.running():
        await add(harness, guild, 25, actor=mo.id, text="runner " * 30)
        page = await answer(ada, "omp-admin audit")
        seen = [page.text]
        assert "`25`" in page.text
        assert "`15`" not in page.text
        while "Older" in page.labels:
            ran = await ada.click(page, "Older")
            page = await ada.wait_message(lambda m, ran=ran: is_answer(m, ran.id) and not m.is_thinking)
            seen.append(page.text)
        assert len(seen) == 3
        assert all(f"`{number}`" in "".join(seen) for number in range(1, 26))
        assert all(len(one) <= MESSAGE_CONTENT for one in seen)
        assert f"<@{mo.id}>" in seen[0]
        assert not any("are in files" in one for one in seen)
        await harness.store.cuts.cut(before=harness.clock.now_ms() + 1, key=b"k", by="Ompycord", at=1)
        last = await answer(ada, "omp-admin audit")
        assert last.text.endswith("are in files: whoever runs Ompycord reads them with `ompycord audit export`.")


async def test_a_person_a_run_and_a_run_explained(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run = (await harness.start(mo)).id
        assert "admin" in (await answer(mo, "omp-admin audit")).text
        await harness.infrastructure.refusals.write()
        of_mo = (await answer(ada, "omp-admin audit", person=mo.id)).text
        assert "was refused /omp-admin audit (needs-role, needs admin)" in of_mo
        assert "submit" in of_mo
        of_run = (await answer(ada, "omp-admin audit", run=run)).text
        assert "submit" in of_run
        assert "refused" not in of_run
        told = await answer(ada, "omp-admin audit", run=run, explain=True)
        assert "told from the record" in told.text
        assert [one["filename"] for one in told.raw["attachments"]] == [f"run-{run[-6:].lower()}.txt"]
        assert "The record has no row" in (await answer(ada, "omp-admin audit", person=ada.id)).text


async def test_rows_of_another_server_are_not_there_and_those_of_none_are_at_home(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    harness = AppHarness(playground, store, tmp_path, other_guilds=(OTHER,))
    ada, guild = playground.ada, str(playground.guild_id)
    async with harness.running():
        await add(harness, OTHER, 3, actor="1", text="zebrafinch")
        await add(harness, guild, 1, actor="1", text="sparrow")
        await store.audit(actor="command line", action="key.made", subject="k", detail={}, at=1)
        seen = (await answer(ada, "omp-admin audit")).text
        assert "sparrow" in seen
        assert "zebrafinch" not in seen
        assert "key.made" not in seen
        home = await store.audit_last(OTHER, is_home=True, before=None, actor=None, subject=None, limit=10)
        assert [row.text("action") for row in home] == ["key.made", *["role.given"] * 3]


async def test_who_may_do_what_is_what_the_command_line_prints(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        seen = (await answer(ada, "omp-admin policy", repository="shop")).text
        assert "and shop" in seen
        assert "cancel a run: *approver; its requester as runner*" in seen
        assert "danger: *an admin and one more approver*" in seen
        assert len(seen) <= MESSAGE_CONTENT
        assert "admin" in (await answer(mo, "omp-admin policy")).text
