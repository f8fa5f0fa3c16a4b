"""Programs that run what a file of the clone names: `npm run`, `make`; judged by that file where it can be read."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from ompycord.domain.risk.classes import RiskClass, RiskFinding, worst
from ompycord.domain.risk.judging import Judging, Program, quoted
from ompycord.domain.risk.options import known, read_options
from ompycord.domain.risk.shell import Word

__all__ = ["TASKS", "named_task", "package_script"]

_PUBLISHING: Final = frozenset(
    ["publish", "release", "deploy", "push", "upload", "ship", "promote", "rollout", "submit", "announce"]
)
_DESTROYING: Final = frozenset(
    ["destroy", "drop", "purge", "wipe", "nuke", "reset-db", "teardown", "truncate", "prune"]
)
_MOST_TARGETS: Final = 50
_WRITTEN: Final = ("GNUmakefile", "makefile", "Makefile")
"""In the order in which it looks for them."""


def named_task(runner: str, task: Word) -> RiskFinding:
    """A task of which only the name is known."""
    if not task.is_plain or not task.text.isascii():
        return RiskFinding(RiskClass.DANGER, f"which task {quoted(runner)} runs cannot be read for certain")
    words = set(_words(task.text))
    if not words.isdisjoint(_DESTROYING):
        return RiskFinding(RiskClass.DANGER, f"the task {quoted(task.text)} is by its name one that destroys")
    if not words.isdisjoint(_PUBLISHING):
        return RiskFinding(RiskClass.PUBLISH, f"the task {quoted(task.text)} is by its name one that publishes")
    return RiskFinding(RiskClass.RUN, f"{quoted(runner)} runs the task {quoted(task.text)}")


def _words(text: str) -> list[str]:
    parts = "".join(sign if sign.isalnum() else " " for sign in text.casefold()).split()
    return [*parts, text.casefold()]


def package_script(judging: Judging, runner: str, name: Word) -> RiskFinding:
    """A script of `package.json`, with those that npm runs before and after it."""
    finding = named_task(runner, name)
    judging.note(Word("package.json"))
    found = [finding]
    for path in judging.where.here("package.json"):
        scripts = _scripts(judging.read(path))
        if scripts is None or not name.is_plain:
            continue
        for one in (f"pre{name.text}", name.text, f"post{name.text}"):
            text = scripts.get(one)
            if isinstance(text, str):
                judging.spend(10)
                inner = judging.script(text)
                found.append(inner if inner.risk > RiskClass.RUN else finding)
    return worst(found)


def _scripts(text: str | None) -> Mapping[str, Any] | None:
    """The scripts of a package; None where there is none, or it cannot be read."""
    try:
        package = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return None
    scripts = cast("dict[str, Any]", package).get("scripts") if isinstance(package, dict) else None
    return cast("dict[str, Any]", scripts) if isinstance(scripts, dict) else None


def _make(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`make`: the targets that are named, or the first one of its file."""
    allowed = known(
        "n s k B i j d p q r R w t --silent --keep-going --always-make --dry-run --jobs= --no-print-directory --trace",
        "j C f I l o W --directory --file --makefile",
    )
    parsed = read_options(arguments, allowed)
    found = [RiskFinding(RiskClass.RUN, "`make` runs a task")]
    if parsed.unknown is not None or parsed.unclear:
        found.append(RiskFinding(RiskClass.DANGER, "which task `make` runs cannot be read for certain"))
    targets: list[Word] = []
    for word in parsed.operands:
        if "=" in word.text:
            found.append(judging.assignment(word))
        else:
            targets.append(word)
    found.extend(named_task("make", word) for word in targets)
    for word in parsed.values("C", "--directory"):
        judging.where.enter(word)
    files = parsed.values("f", "--file", "--makefile")
    if any(not word.is_plain or word.text == "-" or word.text.startswith("/dev/") for word in files):
        found.append(RiskFinding(RiskClass.DANGER, "`make` runs what comes on its input"))
    names = [word.text for word in targets]
    for word in files or [Word(one) for one in _WRITTEN]:  # one of the others may come to be
        judging.note(word)
    for text in _makefiles(judging, files):
        found.extend(_recipes(judging, text, names))
    return worst(found)


def _makefiles(judging: Judging, files: Sequence[Word]) -> list[str]:
    """The text of each file that it may read, wherever the command may stand."""
    texts: list[str] = []
    for word in files:
        texts.extend(text for path in judging.where.here(word.text) if (text := judging.read(path)) is not None)
    if files:
        return texts
    for paths in zip(*(judging.where.here(one) for one in _WRITTEN), strict=True):
        text = next((text for path in paths if (text := judging.read(path)) is not None), None)
        texts.extend([text] if text is not None else [])
    return texts


def _recipes(judging: Judging, text: str, targets: Sequence[str]) -> list[RiskFinding]:
    """What the recipes of these targets, and of those that they need, would do."""
    makefile = _Makefile(text)
    wanted, seen, found = list(targets) or makefile.first, set[str](), list[RiskFinding]()
    for value in makefile.started:
        inner = judging.script(f"echo {makefile.expand(value)}")
        found.append(inner if inner.risk > RiskClass.RUN else RiskFinding(RiskClass.RUN, "`make` runs a task"))
    while wanted and len(seen) < _MOST_TARGETS:
        target = wanted.pop()
        if target in seen:
            continue
        seen.add(target)
        judging.spend(5)
        wanted.extend(makefile.needs.get(target, ()))
        recipe = makefile.expand("\n".join(makefile.recipes.get(target, ())))
        inner = judging.script(recipe)
        found.append(inner if inner.risk > RiskClass.RUN else RiskFinding(RiskClass.RUN, "`make` runs a task"))
    if wanted:
        found.append(RiskFinding(RiskClass.DANGER, "the targets of `make` are too many to be read"))
    return found


class _Makefile:
    """Targets, what they need, their recipes and the variables of a file; what it includes is not read."""

    def __init__(self, text: str) -> None:
        self.recipes: dict[str, list[str]] = {}
        self.needs: dict[str, list[str]] = {}
        self.first: list[str] = []
        self._variables: dict[str, str] = {"MAKE": "make", "SHELL": "sh", "CURDIR": ".", "RM": "rm -f"}
        current: list[str] = []
        for line in text.replace("\\\n", " ").split("\n"):
            if line.startswith("\t"):
                for target in current:
                    self.recipes.setdefault(target, []).append(line.strip().lstrip("@-+"))
            elif line.strip() and not line.lstrip().startswith("#"):
                current = self._rule(line)

    def _rule(self, line: str) -> list[str]:
        head, mark, rest = line.partition("=")
        if mark and ":" not in head.rstrip(":?+!"):
            self._variables[head.rstrip(":?+! ").strip().removeprefix("export ").strip()] = rest.strip()
            return []
        names, mark, rest = line.partition(":")
        if not mark:
            return []
        targets = names.split()
        needs, _, recipe = rest.lstrip(":").partition(";")
        for target in targets:
            self.needs.setdefault(target, []).extend(needs.split())
            if recipe.strip():
                self.recipes.setdefault(target, []).append(recipe.strip())
        if targets and not self.first and not targets[0].startswith("."):
            self.first = targets[:1]
        return targets

    @property
    def started(self) -> list[str]:
        """Values that start programs whenever the file is read."""
        return [value for value in self._variables.values() if "$(shell " in value or "${shell " in value]

    def expand(self, text: str) -> str:
        """The recipe with the file's own variables in it; others are a word that says so."""
        for _ in range(8):
            if "$(" not in text and "${" not in text:
                break
            text = self._once(text)
            if len(text) > _LONGEST:
                break
        return text.replace("$$", "$")

    def _once(self, text: str) -> str:
        parts, at = list[str](), 0
        while (start := text.find("$", at)) >= 0:
            close = {"(": ")", "{": "}"}.get(text[start + 1 : start + 2])
            stop = text.find(close, start) if close else -1
            name = text[start + 2 : stop] if stop > 0 else ""
            parts.append(text[at:start])
            if text.startswith("$$", start):
                parts.append("$$")
                at = start + 2
            elif stop > 0 and all(sign.isalnum() or sign in "_.-" for sign in name):
                parts.append(self._variables.get(name, "make-variable"))
                at = stop + 1
            elif text[start + 1 : start + 2] in {"@", "<", "^", "*", "?"}:
                parts.append("make-target")
                at = start + 2
            else:
                parts.append("$")
                at = start + 1
        return "".join((*parts, text[at:]))


_LONGEST: Final = 32_768


def _task_runner(name: str, skip: frozenset[str] = frozenset()) -> Program:
    """A program whose operands are tasks of a file that is not read."""

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        tasks = [word for word in arguments if not word.text.startswith("-") and word.text not in skip]
        return worst(
            [RiskFinding(RiskClass.RUN, f"{quoted(name)} runs tasks"), *(named_task(name, word) for word in tasks)]
        )

    return judge


TASKS: Final[Mapping[str, Program]] = {
    "make": _make,
    "gmake": _make,
    **{
        name: _task_runner(name)
        for name in (
            *(
                "just",
                "task",
                "rake",
                "grunt",
                "gulp",
                "nox",
                "tox",
                "invoke",
                "inv",
                "fab",
                "mage",
                "gradle",
                "gradlew",
            ),
            *(
                "mvn",
                "mvnw",
                "ant",
                "sbt",
                "lein",
                "bazel",
                "buck",
                "pants",
                "nx",
                "turbo",
                "lerna",
                "earthly",
                "dagger",
            ),
            *("scons", "ninja", "cmake", "meson"),
        )
    },
}
"""The rule of each."""
