"""`/omp-admin role` and `who`: help, completions, refusals and what is visible follow a role at once."""

from tests.integration.bot.conftest import AppHarness, is_answer
from tests.support.playground_person import Person


async def answer(who: Person, command: str, /, **options: str) -> str:
    ran = await who.command(command, "tasks", **options)
    return (await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text


async def offered(who: Person, command: str = "omp new") -> list[str]:
    return [one["value"] for one in await who.complete(command, "repository", "", "tasks")]


async def test_help_completions_and_refusals_follow_a_role_that_was_given_a_moment_ago(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        assert "Your role here is *runner*." in await answer(mo, "omp help")
        assert await offered(mo) == ["shop", "bare", "vault"]
        assert "admin" in await answer(mo, "omp-admin role", role="admin", member=mo.id)
        said = await answer(ada, "omp-admin role", role="viewer", member=mo.id, repository="shop")
        assert (
            said == f"<@{mo.id}> has the role *viewer* in the repository shop from now on. `/omp-admin who` lists all."
        )
        assert "Your role here is *viewer*." in await answer(mo, "omp help"), "#tasks belongs to shop"
        assert await offered(mo) == ["bare", "vault"]
        assert await offered(mo, "omp memory list") == ["shop", "bare", "vault"]
        refused = await answer(mo, "omp new", prompt="Fix it", repository="shop", agent="scripted")
        assert "You can watch here, not start runs." in refused
        assert (await answer(ada, "omp-admin role", role="none", member=mo.id, repository="vault")).startswith("<@")
        assert await offered(mo, "omp memory list") == ["shop", "bare"]
        hidden = await answer(mo, "omp memory list", repository="vault")
        assert "Repository 'vault' not found. Known: shop, bare." in hidden
        assert f"*viewer* <@{mo.id}> · given by Ada" in await answer(ada, "omp-admin who")
        back = await answer(ada, "omp-admin role", role="as configured", member=mo.id, repository="shop")
        assert back == f"<@{mo.id}> has again what the settings give in the repository shop."
        assert await offered(mo) == ["shop", "bare"]
        assert "would take the role *admin* from you" in await answer(ada, "omp-admin role", role="none", member=ada.id)
    rows = [row.text("detail") for row in await harness.store.audit_of(mo.id)]
    assert len(rows) == 3
    assert '"before":"viewer"' in rows[-1]


async def test_runs_of_a_repository_are_hidden_from_those_without_a_role_in_it(harness: AppHarness) -> None:
    ada, mo, olu = harness.playground.ada, harness.playground.mo, harness.playground.olu
    member = harness.playground.info.roles["member"]
    async with harness.running():
        run = (await harness.at_work())[-6:].lower()
        assert run in await answer(mo, "omp status", run=run)
        await answer(ada, "omp-admin role", role="none", discord_role=member, repository="shop")
        assert "No run called" in await answer(olu, "omp show", run=run) or "access" in await answer(olu, "omp help")
        assert run in await answer(mo, "omp show", run=run), "a line about the person counts more"
        await answer(ada, "omp-admin role", role="none", member=mo.id, repository="shop")
        assert "No run called" in await answer(mo, "omp show", run=run)
        assert run not in await answer(mo, "omp status")
        assert await mo.complete("omp show", "run", "", "tasks") == []
        hidden = await answer(mo, "omp cost", who="repository")
        assert "This channel is bound to no repository" in hidden
        assert "shop" not in hidden
        assert "Runs in shop" in await answer(ada, "omp cost", who="repository")
        harness.agent.release()


async def test_who_left_the_server_is_read_from_discord_when_a_message_of_theirs_is_used(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        members, guild = harness.infrastructure.members, str(harness.playground.guild_id)
        await answer(mo, "omp help")
        known = await members.member(guild, mo.id)
        assert known is not None
        member = harness.playground.info.roles["member"]
        assert member in known.roles
        await harness.playground.change_world(member_roles={mo.id: []})
        assert await members.member(guild, mo.id) == known, "it holds for a minute"
        harness.clock.advance(61)
        now = await members.member(guild, mo.id)
        assert now is not None
        assert now.roles == ()
        await harness.playground.change_world(remove_member=mo.id)
        members.forget(guild, mo.id)
        assert await members.member(guild, mo.id) is None
        person = await harness.infrastructure.present.person(guild, mo.id, "Mo")
        assert person is not None
        assert person.role.word == "none"
