"""A recording is read from the one address that Discord named, in bounds, and from nowhere else."""

import pytest

from ompycord.bot.commands.speech.recordings import read_recording
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused
from tests.support.stub_provider import Reply, stub_provider

MOST = 1000


async def refused(address: str) -> Refused:
    with pytest.raises(Refused) as error:
        await read_recording(address, most_bytes=MOST, proxy=None)
    return error.value


async def test_its_bytes_come_up_to_the_bound_whatever_was_stated() -> None:
    async with stub_provider() as cdn:
        cdn.replies = [Reply(parts=[b"x" * 600, b"y" * 400])]
        assert await read_recording(f"{cdn.url}/a.ogg", most_bytes=MOST, proxy=None) == b"x" * 600 + b"y" * 400
        cdn.replies = [Reply(parts=[b"x" * 600] * 20)]
        assert (await refused(f"{cdn.url}/a.ogg")).code == RefusalCode.RECORDING_TOO_LARGE


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=302, headers={"location": "/elsewhere"}),
        Reply(status=404),
        Reply(parts=[b"x", b"y"], breaks_after=1),
    ],
)
async def test_what_does_not_come_is_missing_and_no_redirect_is_followed(reply: Reply) -> None:
    async with stub_provider() as cdn:
        cdn.replies = [reply]
        assert (await refused(f"{cdn.url}/a.ogg")).code == RefusalCode.RECORDING_MISSING
        assert len(cdn.asked) == 1


@pytest.mark.parametrize(
    "address", ["http://192.0.2.1/a.ogg", "file:///etc/passwd", "https://ada:key@192.0.2.1/a.ogg", "a.ogg", ""]
)
async def test_an_address_that_discord_would_not_give_is_asked_for_nothing(address: str) -> None:
    assert (await refused(address)).facts == {"why": "its address is none of Discord's"}


async def test_nothing_is_sent_along() -> None:
    async with stub_provider() as cdn:
        await read_recording(f"{cdn.url}/a.ogg?hm=1", most_bytes=MOST, proxy="http://127.0.0.1:9")
    (asked,) = cdn.asked
    assert (asked.path, asked.query) == ("/a.ogg", "hm=1")
    assert asked.headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}
