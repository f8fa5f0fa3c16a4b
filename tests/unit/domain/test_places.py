"""Roles by place: what a server, a repository and a channel change of a role, and what was given at run time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.domain.access import Access, Role, RoleNames, ScopeNames, ScopeRoles
from ompycord.domain.policy import SEE, Circumstances, Denied, Resource, authorize, is_allowed
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.roles.grants import RoleGrant, with_grants

GUILD, OTHER_GUILD = "100000000000000009", "100000000000000008"
ADA, MO, VI = "100000000000000001", "100000000000000002", "100000000000000003"
DEVS, CHANNEL = "200000000000000001", "300000000000000001"
WIDE = RoleNames(admin=(ADA,), runner=(MO,))


def role(access: Access, user: str, *roles: str, repository: str | None = None, channel: str | None = None) -> Role:
    person = access.person(user, "Someone", roles, guild=GUILD)
    return person.role_in(repository=repository, channel=channel)


def test_a_repository_widens_and_narrows_for_those_whom_it_names() -> None:
    shop = ScopeRoles(users=ScopeNames(approver=(MO,), none=(VI,)), roles=ScopeNames(runner=(DEVS,)))
    access = Access(users=WIDE, roles=RoleNames(viewer=(DEVS,)), repositories={"shop": shop})
    assert role(access, MO) is Role.RUNNER
    assert role(access, MO, repository="shop") is Role.APPROVER
    assert role(access, MO, repository="shop-api") is Role.RUNNER, "a name is no prefix"
    assert role(access, VI, DEVS) is Role.VIEWER
    assert role(access, VI, DEVS, repository="shop") is Role.NONE, "a line about a person beats one about their role"
    assert role(access, "100000000000000004", DEVS, repository="shop") is Role.RUNNER


def test_most_holds_for_all_who_are_not_named_but_an_admin() -> None:
    shop = ScopeRoles(users=ScopeNames(approver=(VI,)), most="viewer")
    access = Access(users=WIDE, repositories={"shop": shop})
    assert role(access, MO, repository="shop") is Role.VIEWER
    assert role(access, VI, repository="shop") is Role.APPROVER
    assert role(access, ADA, repository="shop") is Role.ADMIN, "an admin could give it to themselves"


@pytest.mark.parametrize(
    ("repository", "channel", "expected"),
    [
        (ScopeRoles(users=ScopeNames(none=(MO,))), ScopeRoles(users=ScopeNames(approver=(MO,))), Role.NONE),
        (ScopeRoles(users=ScopeNames(approver=(MO,))), ScopeRoles(users=ScopeNames(none=(MO,))), Role.NONE),
        (ScopeRoles(users=ScopeNames(approver=(MO,))), ScopeRoles(most="viewer"), Role.VIEWER),
        (ScopeRoles(users=ScopeNames(approver=(MO,))), ScopeRoles(users=ScopeNames(admin=(MO,))), Role.ADMIN),
        (ScopeRoles(most="none"), ScopeRoles(users=ScopeNames(runner=(MO,))), Role.NONE),
    ],
)
def test_what_takes_away_counts_more_than_what_gives(
    repository: ScopeRoles, channel: ScopeRoles, expected: Role
) -> None:
    access = Access(users=WIDE, repositories={"shop": repository}, channels={CHANNEL: channel})
    assert role(access, MO, repository="shop", channel=CHANNEL) is expected


def test_a_server_changes_its_own_members_alone() -> None:
    access = Access(users=WIDE, servers={OTHER_GUILD: ScopeRoles(users=ScopeNames(none=(ADA,)))})
    assert access.person(ADA, "Ada", (), guild=GUILD).role is Role.ADMIN
    assert access.person(ADA, "Ada", (), guild=OTHER_GUILD).role is Role.NONE


def test_a_repository_without_a_role_is_not_there() -> None:
    access = Access(users=WIDE, repositories={"secret": ScopeRoles(most="none")})
    mo = access.person(MO, "Mo", (), guild=GUILD)
    for action in (SEE, "details", "cancel"):
        assert not is_allowed(mo, action, Resource(repository="secret", guild=GUILD))
    assert authorize(mo, SEE, Resource(repository="secret")) == Denied(RefusalCode.NO_SUCH_RUN)
    assert is_allowed(mo, SEE, Resource(repository="shop"))


def test_who_has_a_role_in_one_place_alone_may_use_the_bot_and_start_there() -> None:
    access = Access(repositories={"shop": ScopeRoles(users=ScopeNames(runner=(MO,)))})
    mo = access.person(MO, "Mo", (), guild=GUILD)
    assert is_allowed(mo, "use")
    assert is_allowed(mo, "new", Resource(repository="shop"))
    assert is_allowed(mo, "new", context=Circumstances(anywhere=True))
    assert not is_allowed(mo, "new", Resource(repository="other"))
    assert not is_allowed(mo, "new")
    assert not is_allowed(mo, SEE, Resource(repository="other"))
    assert not access.is_empty


def grant(role: str, *, subject: str = MO, place: str = "server", name: str = "", kind: str = "user") -> RoleGrant:
    return RoleGrant.model_validate(
        {
            "guild": GUILD, "place": place, "name": name, "kind": kind, "subject": subject, "role": role,
            "by": ADA, "by_name": "Ada", "at": 1,
        }
    )  # fmt: skip


def test_what_was_given_counts_more_than_the_settings_and_in_its_server_alone() -> None:
    settings = Access(users=WIDE, repositories={"shop": ScopeRoles(users=ScopeNames(viewer=(MO,)))})
    given = with_grants(settings, [grant("none"), grant("approver", place="repository", name="shop")], guild=GUILD)
    assert role(given, MO) is Role.NONE
    assert role(given, MO, repository="shop") is Role.APPROVER
    assert with_grants(settings, [grant("none")], guild=OTHER_GUILD) == settings
    assert (
        role(with_grants(settings, [grant("runner", subject=DEVS, kind="role")], guild=GUILD), VI, DEVS) is Role.RUNNER
    )


WORDS = ("none", "viewer", "runner", "approver", "admin")


@st.composite
def scopes(draw: st.DrawFn) -> ScopeRoles:
    def names(ids: tuple[str, ...]) -> ScopeNames:
        given = {one: draw(st.sampled_from((*WORDS, ""))) for one in ids}
        return ScopeNames(**{word: tuple(one for one, has in given.items() if has == word) for word in WORDS})

    return ScopeRoles(
        users=names((ADA, MO)), roles=names((DEVS,)), most=draw(st.sampled_from((None, "none", "viewer", "approver")))
    )


@given(scopes(), scopes(), scopes())
def test_a_place_as_a_table_agrees_with_the_role_of_a_person_by_id(
    server: ScopeRoles, repository: ScopeRoles, channel: ScopeRoles
) -> None:
    """For somebody whom no place names at all, and for one whom exactly the settings name."""
    access = Access(users=WIDE, servers={GUILD: server}, repositories={"shop": repository}, channels={CHANNEL: channel})
    shown = access.within(guild=GUILD, repository="shop")
    stranger = "100000000000000077"
    assert shown.role_of(stranger, ()) is role(access, stranger, repository="shop") is Role.NONE
    assert role(access, MO, repository="shop", channel=CHANNEL) in set(Role)


@pytest.mark.parametrize(
    ("scope", "hides"),
    [
        (ScopeRoles(most="none"), True),
        (ScopeRoles(users=ScopeNames(none=(VI,))), True),
        (ScopeRoles(roles=ScopeNames(none=(DEVS,))), True),
        (ScopeRoles(most="viewer", users=ScopeNames(viewer=(MO,))), False),
    ],
)
def test_a_place_that_is_not_there_for_somebody_hides(scope: ScopeRoles, hides: bool) -> None:
    access = Access(users=WIDE, repositories={"shop": scope}, channels={CHANNEL: scope})
    assert access.hides(repository="shop", channel=None) is hides
    assert access.hides(repository=None, channel=CHANNEL) is hides
    assert not access.hides(repository="other", channel=None)
