"""Every command and message menu that Discord was told of, run with sensible options.

Whatever completes is asked to.
"""

from collections.abc import Iterator
from typing import Any

from ompycord.playground.client import JsonObject
from tests.e2e.reach.visitor import NOTES, Visitor

__all__ = ["registered", "run_everything"]

CHAT, MESSAGE = 1, 3
MENUS = ("Run as task", "Save as decision")
SUB, GROUP = 1, 2


def registered(commands: list[JsonObject]) -> Iterator[tuple[str, list[JsonObject]]]:
    """Each command that can be run, with its options."""
    for command in commands:
        yield from _inner(command["name"], command.get("options") or [])


def _inner(name: str, options: list[JsonObject]) -> Iterator[tuple[str, list[JsonObject]]]:
    below = [option for option in options if option["type"] in {SUB, GROUP}]
    if not below:
        yield name, options
    for option in below:
        yield from _inner(f"{name} {option['name']}", option.get("options") or [])


async def run_everything(ada: Visitor) -> tuple[set[str], set[str]]:
    """The commands that were answered, and the options that were given or completed."""
    commands, options = set[str](), set[str]()
    prompt = "Spend with patience"
    given = {"repository": "sample", "agent": "deaf", "mode": "fast", "branch": "main", "budget": 99.0, "record": True}
    run = await ada.new(prompt, **given, file=NOTES)
    commands.add("omp new")
    options |= {f"omp new {name}" for name in ("prompt", *given, "file")}
    refused = await ada.command("omp new", prompt=prompt, agent="deaf", model="large", refine=True)
    assert "deaf takes no choice of a model." in refused
    options |= {"omp new model", "omp new refine"}
    assert "is no issue of a repository that has a forge here" in await ada.command(
        "omp new", issue="#12", agent="quick"
    )
    options.add("omp new issue")
    question = {"text": "Where is the total made?", "repository": "sample"}
    await ada.told(await ada.person.command("omp ask", "tasks", agent="quick", **question), "Queued: http")
    assert "deaf takes no choice of a model." in await ada.command("omp ask", agent="deaf", model="large", **question)
    commands.add("omp ask")
    options |= {f"omp ask {name}" for name in ("text", "repository", "agent", "model")}
    await ada.card(run, "Stop")
    message = await ada.person.say("Fix the discount, please", "tasks")
    info = ada.product.playground.info
    place = {"discord_role": info.roles["member"], "in_channel": info.channels["tasks"]}
    for name, given, words in _steps(run, ada.person.id, place):
        if name in MENUS:
            said = await ada.command(name, target=message.id)
        else:
            filled = {
                key: await _offered(ada, name, key, run) if value is None else value for key, value in given.items()
            }
            said = await ada.command(name, **filled)
        assert words in said, f"{name}: {said}"
        commands.add(name)
        options |= {f"{name} {key}" for key in given}
    await ada.press(await ada.sees("will be lost", label="Keep running"), "Yes, cancel it", updates=True)
    await ada.sees(f"{run} · card", "Cancelled")
    return commands, options


async def _offered(ada: Visitor, name: str, option: str, run: str) -> str:
    """What completion offers first: a message that waits for this run, or the decision about cents."""
    typed, about = ("", {"run": run}) if option == "message" else ("cents", {"repository": "sample"})
    return (await ada.person.complete(name, option, typed, "tasks", **about))[0]["value"]


def _steps(run: str, person: str, place: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    """Command, options (None: what completion offers) and words of its answer.

    In an order in which each has a meaning: what is told to a stopped run waits.
    """
    of: dict[str, Any] = {"run": run}
    return [
        ("omp stop", {"when": "now", **of}, "Stopped"),
        ("omp say", {"message": "Then the docs", "when": "next", **of}, "Queued."),
        ("omp queue list", of, "Then the docs"),
        ("omp queue edit", {"message": None, **of}, "Edit the message"),
        ("omp queue drop", {"message": None, **of}, "Then the docs"),
        ("omp status", of, run),
        ("omp show", {"what": "story", **of}, run),
        ("omp pr", {"what": "show", **of}, "no pull request"),
        ("omp runs", {"state": "open", "person": person, "repository": "sample", "text": "patience"}, run),
        ("omp cost", {"who": "server", "period": "day", "csv": True}, "All runs of this server"),
        (
            "omp schedule add",
            {
                "schedule": "nightly",
                "when": "daily 02:30",
                "prompt": "Look after it",
                "zone": "Europe/Berlin",
                "repository": "sample",
                "agent": "quick",
                "mode": "fast",
                "budget": 1.0,
                "missed": "skip",
            },
            "**nightly**: at 02:30 every day (Europe/Berlin).",
        ),
        ("omp schedule list", {}, "There are no schedules here."),
        ("omp schedule pause", {"schedule": "nightly"}, "There is no schedule `nightly` here."),
        ("omp schedule resume", {"schedule": "nightly"}, "There is no schedule `nightly` here."),
        ("omp schedule remove", {"schedule": "nightly"}, "There is no schedule `nightly` here."),
        ("omp trigger list", {}, "**alerts** · sample"),
        ("omp trigger pause", {"trigger": "alerts"}, "is paused"),
        ("omp trigger resume", {"trigger": "alerts"}, "goes on"),
        (
            "omp decide",
            {"text": "Totals are cents", "scope": "repository", "repository": "sample"},
            "Saved as decision",
        ),
        ("Save as decision", {}, "Saved as decision"),
        ("omp memory list", {"which": "decisions", "repository": "sample"}, "Totals are cents"),
        ("omp memory search", {"text": "cents", "repository": "sample"}, "Totals are cents"),
        ("omp memory show", {"item": None, "repository": "sample"}, "written by a person"),
        ("omp memory keep", {"item": None, "repository": "sample"}, "Kept"),
        ("omp memory export", {"repository": "sample"}, "Put them into AGENTS.md"),
        ("omp memory drop", {"item": None, "repository": "sample"}, "Dropped"),
        ("omp feedback report", {}, "Feedback, the last 30 days"),
        ("omp feedback give", {"verdict": "good", "words": "Quick", **of}, "has not ended"),
        ("omp health", {}, "Discord"),
        ("omp gateway", {}, "No providers are configured"),
        ("omp-admin stop-models", {}, "No providers are configured"),
        ("omp-admin resume-models", {}, "No providers are configured"),
        ("omp help", {"topic": "cancel"}, "/omp cancel"),
        ("omp settings", {}, "Your settings"),
        ("Run as task", {}, "New task in #tasks"),
        ("omp resume", of, "Resumed"),
        ("omp cancel", {"reason": "Enough", **of}, "will be lost"),
        ("omp mine", {}, "for you"),
        (
            "omp-admin budget",
            {"repository": "sample", "period": "day", "usd": 2000.0, "tokens": 1_000_000_000},
            "$2,000.00",
        ),
        ("omp-admin budget", {"person": person}, "this month"),
        ("omp-admin permissions", {"end": "none"}, "No such permission holds here"),
        ("omp my-data", {"do": "erase"}, "It cannot be undone"),
        ("omp-admin who", {"repository": "sample"}, "Roles in"),
        ("omp-admin policy", {"repository": "sample"}, "Who may do what in"),
        ("omp-admin audit", {"person": person, **of}, "Record"),
        ("omp-admin audit", {"explain": True, **of}, "told from the record"),
        ("omp-admin role", {"role": "runner", "member": person, "repository": "sample", **place}, "one of both"),
        ("omp-admin stop-all", {}, "Nothing is lost"),
        ("omp-admin pause", {}, "Paused"),
        ("omp-admin unpause", {}, "Runs begin again"),
    ]
