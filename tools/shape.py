"""Holds the product to its shape: plain words in names, one class of a name, small ports, small folders.

Run `python -m tools.shape`; it prints a line for each fault. What may stay although a rule names it stands in the
tables below with its reason, and an entry that nothing needs any more is a fault too. Counterpart: `docs/glossary.md`.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["STRUCK", "faults", "words"]

ROOT: Final = Path(__file__).parents[1] / "ompycord"
MOST_METHODS: Final = 8
MOST_MODULES: Final = 20

STRUCK: Final = {
    "abilities": "capabilities",
    "absent": "without, missing",
    "admits": "authenticates",
    "allowance": "limits",
    "anew": "again",
    "asked": "request, requested, options",
    "astray": "misplaced",
    "beat": "heartbeat",
    "beats": "heartbeats",
    "below": "messages below, beneath",
    "borrow": "git alternates",
    "buried": "scrolled out",
    "care": "verification level",
    "desk": "context, service",
    "door": "auth check, channel access",
    "doorkeeper": "key manager",
    "errand": "delivery",
    "errands": "deliveries",
    "excess": "over limit",
    "fate": "outcome",
    "gone": "disconnected, missing, expired",
    "greet": "authenticate",
    "halted": "paused, suspended",
    "harvest": "collect",
    "harvester": "collector",
    "heard": "received",
    "hears": "receives, handler",
    "held": "taken over, waiting",
    "holding": "takeover lock",
    "house": "app harness",
    "husk": "stale copy",
    "husks": "stale copies",
    "inert": "sanitized",
    "kit": "session dependencies",
    "ladder": "escalation",
    "lane": "source state, channel queue",
    "lanes": "source states",
    "lay": "write",
    "leap": "advance",
    "leave": "approval, permission",
    "look": "inspect, probe, appearance",
    "mend": "fix",
    "mending": "fix",
    "met": "seen",
    "mirror": "channel summary",
    "mirrors": "channel summaries",
    "modest": "within limits",
    "nobody": "no one, or the actor",
    "outlook": "delivery preview",
    "owed": "pending",
    "owes": "pending",
    "pace": "rate limiter",
    "pictures": "images",
    "promised": "run to completion",
    "reborn": "restarted",
    "reception": "request pipeline",
    "ring": "ping, notify",
    "ringing": "pinging",
    "rocket": "reaction launch",
    "rung": "pinged",
    "said": "message, text",
    "say": "message",
    "says": "the verb that it is",
    "scene": "run view",
    "scenes": "renderer",
    "seal": "content hash",
    "shield": "protect requests",
    "sight": "mounts",
    "somebody": "the actor",
    "stranger": "unknown client",
    "strangers": "unknown clients",
    "strikes": "missed heartbeats",
    "succession": "rollover",
    "suffer": "apply fault",
    "surroundings": "render context",
    "sweep": "kill strays",
    "sweeps": "kills strays",
    "talk": "messages, line buffer",
    "tell": "notify",
    "tells": "notifies",
    "told": "notified, delivered",
    "weather": "transient status",
    "weighing": "resource usage",
    "whoever": "the actor",
    "wish": "request",
    "wishes": "requests",
    "wording": "messages",
}
"""A word that was private English, and the field's own for it."""

_CONFORMANCE = "a rule's name is the sentence that `ompycord conformance` prints"
_BELOW = "what was written below a card is the term itself"
_COMMAND = "the command `/omp say` and its action keep their name"
_PUBLISHED = "published: an event, a field of the snapshot or of an event, a stored name"

KEPT_NAMES: Final[dict[str, str]] = {
    "agents/conformance.py: says_something_and_only_what_agents_may_say": _CONFORMANCE,
    "agents/conformance.py: says_first_that_it_is_simulated": _CONFORMANCE,
    "agents/conformance.py: is_halted_when_its_cancellation_returns": _CONFORMANCE,
    "agents/conformance.py: says_that_it_cannot_be_started": _CONFORMANCE,
    "agents/conformance.py: says_that_it_was_lost_when_its_program_dies": _CONFORMANCE,
    "agents/conformance.py: goes_on_in_its_session_or_says_that_it_cannot": _CONFORMANCE,
    "agents/conformance.py: starts_fresh_where_its_session_is_gone": _CONFORMANCE,
    "bot/commands/say.py: say": _COMMAND,
    "say_feature": _COMMAND,
    "SAY": _COMMAND,
    "MessagesBelow": _BELOW,
    "messages_below": _BELOW,
    "_messages_below": _BELOW,
    "written_below": _BELOW,
    "QuestionAsked": _PUBLISHED,
    "lanes": _PUBLISHED,
    "domain/events/work.py: said": _PUBLISHED,
    "asked_at": _PUBLISHED,
    "notify/webhook.py: GONE": "HTTP's own word for the status 410",
}
"""A name with a struck word that stays, as `folder/file.py: name` or `name`, and why."""

_DISCORD = "the playground simulates Discord's side of it, apart from the product"
_PROGRAM = "the rehearsal's program is one file that imports nothing of the product"

KEPT_CLASSES: Final[dict[str, str]] = {
    "Clock": _DISCORD,
    "Draft": _DISCORD,
    "Limits": _DISCORD,
    "Message": "an event's body, and a message of Discord in the playground's client",
    "Messages": _DISCORD,
    "RunView": "the bot's, and the one that the OpenAPI document publishes by this name",
    "Session": _DISCORD,
    "Inbox": _PROGRAM,
    "Stage": _PROGRAM,
    "Tool": _PROGRAM,
}
"""A class that two places may have, and why."""

_ONE_OBJECT = "what a kind of forge makes is one object, of ports that are small each"

KEPT_PORTS: Final[dict[str, str]] = {"FollowingForge": _ONE_OBJECT, "ProposingForge": _ONE_OBJECT}
"""A port that may have more methods, and why."""

KEPT_FOLDERS: Final[dict[str, str]] = {}
"""A folder that may hold more modules, and why."""


class Name(NamedTuple):
    """A name where it is given: a file below the package, a line, and the name."""

    file: str
    line: int
    name: str


def words(name: str) -> list[str]:
    """The words of an identifier, in lower case: `_RunView` and `run_view` are *run*, *view*."""
    return [word.lower() for part in name.split("_") for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", part)]


def faults(root: Path = ROOT) -> list[str]:
    """One line for each; empty where all is well."""
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in _files(root)}
    return [*_struck_words(root, trees), *_classes(root, trees), *_ports(root, trees), *_folders(root, trees)]


def _files(root: Path) -> list[Path]:
    return sorted(file for file in root.rglob("*.py") if "__pycache__" not in file.parts)


def _struck_words(root: Path, trees: dict[Path, ast.Module]) -> Iterator[str]:
    used: set[str] = set()
    for file, tree in trees.items():
        at = file.relative_to(root).as_posix()
        given = [Name(at, 1, file.stem), *(Name(at, line, name) for line, name in _names(tree))]
        for one in given:
            struck = sorted(set(words(one.name)) & STRUCK.keys())
            keys = {one.name, f"{one.file}: {one.name}"} & KEPT_NAMES.keys()
            used |= keys if struck else set()
            if struck and not keys:
                yield f"{one.file}:{one.line}: {one.name}: say {STRUCK[struck[0]]} for *{struck[0]}*"
    for name in sorted(KEPT_NAMES.keys() - used):
        yield f"tools/shape.py: KEPT_NAMES lists {name}, which no name needs"


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What the file itself names: functions, classes, parameters, variables, attributes; not what it only uses."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case _:
                pass


def _classes(root: Path, trees: dict[Path, ast.Module]) -> Iterator[str]:
    places: dict[str, list[str]] = defaultdict(list)
    for file, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(file.relative_to(root).as_posix())
    several = {name: files for name, files in places.items() if len(files) > 1}
    for name, files in sorted(several.items()):
        if name not in KEPT_CLASSES:
            yield f"class {name} has {len(files)} meanings: {', '.join(files)}"
    for name in sorted(KEPT_CLASSES.keys() - several.keys()):
        yield f"tools/shape.py: KEPT_CLASSES lists {name}, which one class has"


def _ports(root: Path, trees: dict[Path, ast.Module]) -> Iterator[str]:
    """A Protocol's own methods and fields and those of the Protocols that it extends."""
    classes = {node.name: node for tree in trees.values() for node in tree.body if isinstance(node, ast.ClassDef)}

    def bases(node: ast.ClassDef) -> set[str]:
        return {re.split(r"[\[(]", ast.unparse(base))[0].rpartition(".")[2] for base in node.bases}

    def methods(node: ast.ClassDef) -> set[str]:
        own = {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
        own |= {
            part.target.id
            for part in node.body
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
        }
        return own.union(*(methods(classes[base]) for base in bases(node) if base in classes and base != node.name))

    large: set[str] = set()
    for file, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and "Protocol" in bases(node) and len(methods(node)) > MOST_METHODS:
                large.add(node.name)
                at = f"{file.relative_to(root).as_posix()}:{node.lineno}"
                if node.name not in KEPT_PORTS:
                    yield f"{at}: port {node.name} has {len(methods(node))} methods, {MOST_METHODS} is the most"
    for name in sorted(KEPT_PORTS.keys() - large):
        yield f"tools/shape.py: KEPT_PORTS lists {name}, which is small"


def _folders(root: Path, trees: dict[Path, ast.Module]) -> Iterator[str]:
    modules: dict[str, int] = defaultdict(int)
    for file in trees:
        modules[file.parent.relative_to(root).as_posix()] += file.name != "__init__.py"
    large = {folder for folder, number in modules.items() if number > MOST_MODULES}
    for folder in sorted(large - KEPT_FOLDERS.keys()):
        yield f"{folder}/ has {modules[folder]} modules, {MOST_MODULES} is the most"
    for folder in sorted(KEPT_FOLDERS.keys() - large):
        yield f"tools/shape.py: KEPT_FOLDERS lists {folder}, which is small"


def main() -> int:
    """Print the faults; 1 where there is one."""
    found = faults()
    for line in found:
        sys.stdout.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
