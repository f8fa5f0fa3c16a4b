"""Buttons that are not ours, are forged, or come from another version of us.

Each is answered in words and does nothing.
"""

from ompycord.bot.custom_ids import Signer
from ompycord.domain.access import ACTIONS as RULES
from ompycord.domain.access import Role
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunFilter
from ompycord.playground.client import Message
from ompycord.render.cards.actions import CARD_ACTIONS
from tests.integration.bot.conftest import MAC_KEY, AppHarness, is_answer, kind_of
from tests.support.playground_person import Person

SIGNER = Signer(MAC_KEY)
NOBODY = "01JD3V9K2M8Q4W5X6YAB7F3K2M"
SILENT = 1 << 12
FOREIGN = "I did not make that button"
OTHER = "is from another version of me"


async def posted(harness: AppHarness, *custom_ids: str) -> Message:
    """A message of the bot's account with such buttons.

    As an older version or somebody with its token would post it.
    """
    labels = ["Press"] if len(custom_ids) == 1 else custom_ids
    made = [
        {"type": 2, "style": 1, "label": label, "custom_id": id_} for label, id_ in zip(labels, custom_ids, strict=True)
    ]
    rows = [{"type": 1, "components": made[first : first + 5]} for first in range(0, len(made), 5)]
    body = {"content": custom_ids[0], "components": rows}
    body |= {"allowed_mentions": {"parse": []}, "flags": SILENT}
    answer = await harness.playground.rest("POST", f"/channels/{harness.playground.channel('tasks')}/messages", body)
    assert answer.status == 200, answer.body
    return await harness.playground.ada.wait_message(lambda message: message.id == answer.body["id"])


async def told(who: Person, message: Message, label: str = "Press") -> str:
    pressed = await who.click(message, label)
    reply = await who.wait_message(lambda m: is_answer(m, pressed.id) and not m.is_thinking)
    assert reply.is_ephemeral
    return reply.text


async def test_what_we_did_not_make_is_not_obeyed(harness: AppHarness) -> None:
    ada, olu = harness.playground.ada, harness.playground.olu
    async with harness.running():
        for custom_id, words in (
            ("hello", FOREIGN),
            (f"v1:stop:{NOBODY}:abcdefgh:ABCDEFGHIJKLMNOP", FOREIGN),
            (f"v0:stop:{NOBODY}", OTHER),
            (SIGNER.sign("gone", NOBODY), OTHER),
        ):
            message = await posted(harness, custom_id)
            assert words in await told(ada, message)
        assert "You don't have access yet" in await told(olu, message)
    assert await harness.store.runs(RunFilter()) == []


async def test_a_button_that_only_an_older_version_had_leads_to_the_live_card(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.at_work()
        card = await harness.playground.mo.wait_message(lambda m: kind_of(m) == "card 1" and short_id(run) in m.text)
        message = await posted(harness, SIGNER.sign("switch", run))
        words = await told(harness.playground.ada, message)
        harness.agent.release()
    assert "from an older card" in words
    assert f"/{card.channel_id}/{card.id}" in words


async def test_every_button_of_a_card_asks_for_the_right_that_its_record_names(harness: AppHarness) -> None:
    """Somebody who may only look presses each of them."""
    playground, olu = harness.playground, harness.playground.olu
    after_the_end = {"retry", "again"}
    async with harness.running():
        await playground.change_world(member_roles={olu.id: [playground.info.roles["member"]]})
        run = await harness.at_work()
        refused = await refusing(harness, olu, run, {action.name for action in CARD_ACTIONS} - after_the_end)
        harness.agent.release()
        await harness.until(run, lambda seen: seen.is_final)
        refused |= await refusing(harness, olu, run, after_the_end)
    needed = {action.name for action in CARD_ACTIONS if RULES[action.right].least > Role.VIEWER}
    assert refused == needed


async def refusing(harness: AppHarness, who: Person, run: RunId, names: set[str]) -> set[str]:
    """Those of these buttons that refuse this person."""
    ids = {name: SIGNER.sign(name, run) for name in sorted(names)}
    message = await posted(harness, *ids.values())
    words = {name: await told(who, message, id_) for name, id_ in ids.items()}
    return {
        name
        for name, said in words.items()
        if said.startswith(("This needs the role", "You may not", "You can watch here"))
    }
