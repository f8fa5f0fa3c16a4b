"""Files of a task: text goes into it as far as there is room, the rest is kept, names are tame.

Too large ones are said.
"""

import hashlib
from typing import Any, cast

import pytest
from pydantic import ValidationError

from ompycord.bot.interactions.drafts import AttachedFile, DraftBody, submission_of
from ompycord.bot.interactions.replies import words_for
from ompycord.bot.rest import Rest
from ompycord.conductor import Submission
from ompycord.domain.records import Draft
from ompycord.domain.task import PROMPT_LIMIT
from ompycord.errors import Refused
from ompycord.render.sanitizer import Sanitizer

BINARY = b"\x89PNG\x00"


class Cdn:
    """Answers with what a test put there, by address."""

    def __init__(self, *files: tuple[str, bytes]) -> None:
        self.content = {f"https://cdn/{number}": data for number, (_, data) in enumerate(files)}

    async def attachment(self, url: str) -> bytes:
        return self.content[url]


async def keep(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def full(data: bytes) -> str:
    raise OSError(28, "No space left on device")


async def taken(
    prompt: str, *files: tuple[str, bytes], sizes: int | None = None, kept: object = keep
) -> tuple[Submission, list[str]]:
    attached = tuple(
        AttachedFile(name=name, url=f"https://cdn/{number}", size=sizes or len(data))
        for number, (name, data) in enumerate(files)
    )
    typed = {"prompt": prompt, "repository": "shop", "agent": "omp"}
    body = DraftBody(typed=typed, files=attached, shown_in="200000000000000001")
    draft = Draft(
        id="01JD0000000000000000000001",
        person="1",
        guild="2",
        channel="3",
        body=body.stored(),
        created_at=1,
    )
    rest = cast("Rest", Cdn(*files))
    return await submission_of(draft, rest=rest, keep=kept, sanitizer=Sanitizer(lambda text: text))  # pyright: ignore[reportArgumentType]


async def test_texts_go_in_while_there_is_room_and_the_rest_is_kept() -> None:
    long = b"y" * (PROMPT_LIMIT - 30)
    submission, notes = await taken("Fix it", ("a.txt", b"short"), ("b.log", long), ("c.png", BINARY))
    assert submission.request.prompt == "Fix it\n\n--- a.txt ---\nshort"
    assert [(file.name, file.size) for file in submission.request.files] == [
        ("b.log", len(long)),
        ("c.png", len(BINARY)),
    ]
    assert submission.request.files[1].sha256 == hashlib.sha256(BINARY).hexdigest()
    assert notes == []


async def test_names_are_tame_and_differ() -> None:
    names = [
        "../../etc/passwd",
        "a b.png",
        "a b.png",
        ".bashrc",
        "\u202egnp.exe",
        "x" * 300 + ".png",
        "\u00e9",
        "-rf",
        "...",
    ]
    submission, _ = await taken("Look", *((name, BINARY + bytes([number])) for number, name in enumerate(names)))
    assert [file.name for file in submission.request.files] == [
        "_.._etc_passwd", "a_b.png", "a_b-2.png", "bashrc", "_gnp.exe", "x" * 88 + ".png", "_", "rf", "file",
    ]  # fmt: skip


async def test_what_is_too_large_is_named_and_the_task_goes_on() -> None:
    submission, notes = await taken("Look", ("video.mp4", BINARY), sizes=10 * 1024 * 1024 + 1)
    assert submission.request.files == ()
    assert notes == ["Left out: video.mp4 is larger than 10 MiB."]


async def test_a_text_alone_is_the_task_and_refused_where_it_is_too_long() -> None:
    assert (await taken("", ("task.md", b"Do it")))[0].request.prompt == "Do it"
    with pytest.raises(Refused, match="32,000 is the limit"):
        await taken("", ("task.md", b"x" * (PROMPT_LIMIT + 1)))


async def test_files_without_words_and_files_that_cannot_be_kept_are_refused() -> None:
    with pytest.raises(Refused, match="is empty"):
        await taken("", ("a.png", BINARY))
    with pytest.raises(Refused, match="No space left on device"):
        await taken("Look", ("a.png", BINARY), kept=full)


OLDER: dict[str, Any] = {
    "prompt": "Fix the total.", "repository": "shop", "agent": "omp", "mode": "fast", "branch": "develop",
    "budget_usd": 2.0, "done_when": "coupons count", "files": [], "shown_in": "200000000000000001",
}  # fmt: skip
"""A draft's body, word for word as it was stored before it was a task request."""


async def read(body: dict[str, Any]) -> Submission:
    """What a stored draft becomes."""
    draft = Draft(id="01JD0000000000000000000001", person="1", guild="2", channel="3", body=body, created_at=1)
    rest = cast("Rest", Cdn(("a.txt", b"Mind the coupons.")))
    return (await submission_of(draft, rest=rest, keep=keep, sanitizer=Sanitizer(lambda text: text)))[0]


async def test_a_draft_of_an_earlier_version_becomes_the_same_request_and_is_stored_the_same() -> None:
    submission = await read(OLDER)
    assert submission.request.typed() == {name: OLDER[name] for name in OLDER.keys() - {"files", "shown_in"}}
    assert (submission.guild, submission.channel) == ("2", OLDER["shown_in"])
    file = {"name": "a.txt", "url": "https://cdn/0", "size": 17}
    with_file = {**OLDER, "prompt": "", "branch": None, "budget_usd": None, "done_when": None, "files": [file]}
    draft = Draft(id="01JD0000000000000000000001", person="1", guild="2", channel="3", body=with_file, created_at=1)
    assert DraftBody.of(draft).stored() == with_file
    assert (await read(with_file)).request.prompt == "Mind the coupons."
    begun = {"prompt": "Fix it.", "repository": "shop", "agent": "omp", "mode": "standard"}  # of a run begun at once
    assert (await read(begun)).channel == "3"


async def test_what_no_request_takes_is_kept_in_a_draft_and_refused_by_what_is_wrong() -> None:
    long = {**OLDER, "prompt": "x" * (PROMPT_LIMIT + 1), "branch": "--force"}
    with pytest.raises(Refused) as refused:
        await read(long)
    assert words_for(refused.value, "") == (
        "With its files the text has 32,001 characters; 32,000 is the limit. Nothing ran. Shorten it and send it again."
    )
    for wrong, words in (
        ({"branch": "--force"}, "*branch*: git takes no such name of a branch: it begins with -"),
        ({"branch": "x" * 201}, "*branch*: String should have at most 200 characters"),
        ({"budget_usd": 10_000.01}, "*budget_usd*: Input should be less than or equal to 10000"),
        ({"budget_usd": 0.0}, "*budget_usd*: Input should be greater than 0"),
        ({"done_when": "x" * 301}, "*done_when*: String should have at most 300 characters"),
        ({"mode": "extreme"}, "*mode*: Input should be 'fast', 'standard', 'full' or 'ask'"),
        ({"colour": "red"}, "*colour*: Extra inputs are not permitted"),
    ):
        with pytest.raises(ValidationError) as error:
            await read({**OLDER, **wrong})
        assert words_for(error.value, "") == f"Invalid ({words}). Nothing ran."
