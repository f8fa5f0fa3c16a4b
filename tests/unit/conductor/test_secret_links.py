"""Links to the page of a secret: kept by their hash alone, and not without bound."""

from ompycord.conductor.secret_requests import SecretLink, SecretLinks
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import RunId
from ompycord.testing import FakeClock, SequentialIds


def link_of(links: SecretLinks, person: str) -> SecretLink:
    return SecretLink(
        run=RunId("01JD0000000000000000000001"), question="q", name="NPM_TOKEN", text="x", title="t",
        person=Person(id=person, name=person, role=Role.APPROVER), until=links.until,
    )  # fmt: skip


def test_no_more_than_five_hundred_are_kept_and_the_oldest_goes_first() -> None:
    clock = FakeClock()
    links = SecretLinks(clock=clock, ids=SequentialIds(clock))
    tokens = [links.mint(link_of(links, str(number))) for number in range(501)]
    assert links.find(tokens[0]) is None
    assert [found.person.id for token in tokens[1:] if (found := links.find(token))] == [str(n) for n in range(1, 501)]


def test_what_is_kept_of_a_link_does_not_open_the_page() -> None:
    clock = FakeClock()
    links = SecretLinks(clock=clock, ids=SequentialIds(clock))
    token = links.mint(link_of(links, "1"))
    assert token not in repr(vars(links))
    assert links.take(token) is not None
    assert links.take(token) is None
