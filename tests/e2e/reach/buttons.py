"""The journeys on which a person meets every button and form, from messages that the product really sent."""

from tests.e2e.reach.visitor import Visitor, action_of, answers, post
from tests.support.playground_person import Interaction

__all__ = ["press_everything"]

OPTIONS = 20
"""The most that a question may offer; each button is an action of its own."""
GONE = {"message": "Unknown interaction", "code": 10062}


async def press_everything(ada: Visitor) -> None:
    """All runs begin first and work while a person looks after one or the other."""
    await ask_for_many_answers(ada)
    failing = await ada.new("Break the cart", agent="careless")
    costly = await ada.new("Spend", agent="deaf", mode="fast", budget=0.5)
    leave = [await ada.new("Get approval, then fix the discount", agent="quick") for _ in range(3)]
    planned = [await ada.new("Fix the discount", agent="quick", mode="full") for _ in range(3)]
    asking = await fill_the_form(ada)
    await choose_every_option(ada)
    await type_answers(ada)
    await raise_the_limit(ada, costly)
    await decide(ada, leave)
    await decide_plans(ada, planned)
    await answer_in_words(ada, asking)
    await after_a_failure(ada, failing)
    await at_work(ada, costly)
    await resume_a_text(ada)
    await ada.result(asking, "Done · checks passed")
    await after_success(ada, leave[0])


async def fill_the_form(ada: Visitor) -> str:
    opened = await ada.person.command("omp new", "tasks")
    chosen = await ada.person.command("omp settings", "tasks")
    await ada.fill(chosen, "Saved.", pings=["thread"], agent=["-"])
    filled = {"prompt": "Please ask before you fix the discount", "care": ["quick|standard"]}
    return await ada.started(await ada.fill(opened, "Queued: http", **filled))


async def answer_in_words(ada: Visitor, run: str) -> None:
    question = await ada.sees(f"{run} · question", label="Other answer…")
    await ada.fill(await ada.press(question, "Other answer…"), "Answer sent", answer="Yes, please")


async def after_success(ada: Visitor, run: str) -> None:
    await ada.card(run, "Go to the result")
    result = await ada.result(run, "Done · checks passed")
    await ada.told(await ada.press(result, "Check out"), "git ")
    await ada.press(result, "Diff")
    await ada.fill(await ada.press(result, "Run again…"), "Queued")
    for text, button in (("Looks good.", "No"), ("Also write a note.", "Start")):
        await ada.person.say(text, result.channel_id)
        await ada.press(await ada.sees("Start a follow-up on", label="Start"), button)
    await ada.sees("Started by")
    await ada.fill(await ada.press(result, "Follow up…"), "Queued", prompt="And another one.")


async def decide(ada: Visitor, runs: list[str]) -> None:
    """Leave to act: once, for the run, and not."""
    once, always, never = runs
    await ada.press(await ada.sees(f"{once} · question", label="Allow once"), "Allow once")
    await ada.press(await ada.sees(f"{always} · question", label="Allow for this run"), "Allow for this run")
    form = await ada.press(await ada.sees(f"{never} · question", label="Deny…"), "Deny…")
    await ada.fill(form, reason="Not on a Friday.")
    for run, words in ((once, "Allowed once by"), (always, "Allowed for this run by"), (never, "Denied by")):
        await ada.sees(f"{run} · question", words)


async def decide_plans(ada: Visitor, runs: list[str]) -> None:
    """Approved, sent back, rejected."""
    good, small, wrong = runs
    await ada.press(await ada.sees(f"{good} · question", label="Approve"), "Approve")
    form = await ada.press(await ada.sees(f"{small} · question", label="Change…"), "Change…")
    await ada.fill(form, "Sent back.", words="Without the test, please.")
    form = await ada.press(await ada.sees(f"{wrong} · question", label="Reject…"), "Reject…")
    await ada.fill(form, "Rejected.", words="Not now.")
    for run, words in ((good, "Approved by"), (small, "Sent back by"), (wrong, "Rejected by")):
        await ada.sees(f"{run} · question", words)


async def after_a_failure(ada: Visitor, run: str) -> None:
    result = await ada.result(run)
    await ada.press(result, "Checks")
    await ada.fill(await ada.press(result, "Retry…"), "Queued")


async def raise_the_limit(ada: Visitor, run: str) -> None:
    """Its budget stopped it; raised, it goes on by itself."""
    card = await ada.card(run, "Raise the limit")
    await ada.fill(await ada.press(card, "Raise the limit"), "may cost $20", usd="20")


async def at_work(ada: Visitor, run: str) -> None:
    """What a working run offers, then a stopped one, for which words wait, then the two ways out of *Cancel run*."""
    card = await ada.card(run, "Stop")
    await ada.press(card, "Details")
    await ada.press(card, "Stop")
    stopped = await ada.card(run, "Take over")
    await ada.told(await ada.press(stopped, "Take over"), "ompycord takeover")
    await ada.fill(await ada.press(stopped, "Say…"), message="Then the docs", when=["next"])
    [waiting] = await ada.person.complete("omp queue edit", "message", "", "tasks", run=run)
    edit = await ada.person.command("omp queue edit", "tasks", message=waiting["value"], run=run)
    await ada.fill(edit, "Then the docs, briefly", message="Then the docs, briefly")
    await ada.press(stopped, "Resume")
    card = await ada.card(run, "Stop")
    for label, words in (("Keep running", "The run continues"), ("Yes, cancel it", "Cancelled")):
        asked = await ada.press(card, "Cancel run")
        question = await ada.person.wait_message(
            lambda message, asked=asked: answers(message, asked) and "Keep running" in message.labels
        )
        await ada.press(question, label, updates=True)
        await ada.sees(words)
    await ada.sees(f"{run} · card", "Cancelled")


async def resume_a_text(ada: Visitor) -> None:
    """Discord refuses the answer to a task: the text waits in the channel with a button."""
    playground = ada.product.playground
    await playground.fault(
        "POST", "/interactions/{interaction_id}/{interaction_token}/callback", "status", status=404, body=GONE
    )
    await ada.person.start_command("omp new", "tasks", prompt="Fix what Discord lost", agent="quick")
    kept = await ada.sees("did not accept my reply in time", label="Try again")
    await ada.press(kept, "Try again")
    await ada.sees("Started by Ada")


async def ask_for_many_answers(ada: Visitor) -> None:
    options = [f"Answer {number}" for number in range(OPTIONS)]
    asked = {"question": "q", "text": "Which?", "options": options, "free_text": False}
    started = {"type": "run.started", "data": {"title": "Elsewhere", "agent": "ci"}}
    await post(ada.product, started, {"type": "question.asked", "data": asked}, run="many-answers")


async def type_answers(ada: Visitor) -> None:
    """What is written below two questions: undone once, then given to the one that is chosen."""
    started = {"type": "run.started", "data": {"title": "Typed elsewhere", "agent": "ci"}}
    asked = [{"type": "question.asked", "data": {"question": q, "text": f"Which {q}?"}} for q in ("host", "port")]
    await post(ada.product, started, *asked, run="typed-answers")
    await ada.sees("Which host?", label="Answer…")
    port = await ada.sees("Which port?", label="Answer…")
    await ada.person.say("8080", port.channel_id, reply_to=port)
    undone = await ada.press(await ada.sees("Taken as your answer: *8080*", label="Undo"), "Undo")
    await ada.told(undone, "Undone")
    await ada.person.say("example.org", port.channel_id)
    await ada.press(await ada.sees("Several questions are open", label="Which host?"), "Which host?", updates=True)
    await ada.sees("Answer sent: *example.org*")


async def choose_every_option(ada: Visitor) -> None:
    """A question with as many answers as there may be, pressed all at once: one counts, each is told which."""
    question = await ada.sees("Which?", label="Answer 19")
    route = f"/channels/{question.channel_id}/messages/{question.id}"
    await ada.product.playground.fault("PATCH", route, "delay_before", seconds=5)  # nobody sees yet that it is closed
    clicks: list[Interaction] = []
    for option in question.labels:
        ada.pressed.add(action_of(question.component(option)["custom_id"]))
        clicks.append(await ada.person.start_click(question, option))
    told = [await ada.told(await ada.person.wait_answer(click)) for click in clicks]
    assert sum("Answer sent" in text for text in told) == 1, told
    assert all("Answer" in text for text in told), told
