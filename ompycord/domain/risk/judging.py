"""One classification while it is made: the commands of a text, where they stand, and how much is still read.

Counterparts: `programs.py`, which has a rule for each program, and `classify.py`, which begins and ends it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ompycord.domain.risk.classes import NOTHING, RiskClass, RiskFinding, worst
from ompycord.domain.risk.overrides import RiskSpec
from ompycord.domain.risk.paths import PathPlace, Whereabouts
from ompycord.domain.risk.shell import RESERVED, Command, Redirect, Unreadable, Word, parse

__all__ = ["UNREAD", "Judging", "Program", "ReadFile", "quoted"]

_HARMLESS_VARIABLES: Final = frozenset(
    {
        *("CI", "FORCE_COLOR", "NO_COLOR", "CLICOLOR", "TERM", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ"),
        *("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONHASHSEED", "NODE_ENV", "DEBUG"),
        *("RUST_BACKTRACE", "RUST_LOG", "VERBOSE", "COLUMNS", "LINES", "GIT_TERMINAL_PROMPT"),
    }
)
_SECRET_PARTS: Final = frozenset(
    {"TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASS", "PWD_FILE", "CREDENTIAL", "CREDENTIALS", "APIKEY", "KEY", "AUTH"}
)
_NO_RULES: Final = RiskSpec()
_PRINTED: Final = 60
_STANDARD: Final = ("/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/", "/opt/homebrew/bin/")
_DEEPEST: Final = 16

ReadFile = Callable[[str], str | None]
"""The text of a file of the clone by its path from the root; None where it is not there or not known."""
UNREAD: Final = "\0unread"
"""Instead of a text: it is there and cannot be bound to what it holds, since it is a link or too large."""
Program = Callable[["Judging", Sequence[Word]], RiskFinding]
"""The rule of a program: what it does with these arguments."""


def quoted(text: str) -> str:
    """A piece of a command for a sentence of ours; never a part of a word, which could be the beginning of a secret."""
    shown = " ".join(text.replace("\0", "…").split())
    return f"`{shown}`" if len(shown) <= _PRINTED else "a long word"


@dataclass(slots=True)
class Judging:
    """State of one classification; used once."""

    programs: Mapping[str, Program]
    where: Whereabouts
    read: ReadFile = lambda _: None
    rules: RiskSpec = _NO_RULES
    budget: int = 4_000
    """Words that are still looked at; every word is looked at a bounded number of times."""
    depth: int = 0
    sources: list[str] = field(default_factory=list[str])
    """Files of the clone that say what a name in the command means, such as a script's or a make target's."""

    # -- commands ------------------------------------------------------------------------------------------------------

    def script(self, text: str) -> RiskFinding:
        """The worst of what a shell would start. Raises Unreadable."""
        self._deeper()
        script = parse(text)
        found = [self.command(one) for one in script.commands]
        if script.is_broken:
            found.append(RiskFinding(RiskClass.RUN, "a quote or parenthesis in it is not closed"))
        self.depth -= 1
        return worst(found)

    def command(self, command: Command) -> RiskFinding:
        """A command with its assignments and redirections."""
        self.spend(len(command.words) + len(command.redirects))
        words = command.words
        while words and words[0].is_bare and words[0].text in RESERVED:
            words = words[1:]
        found = [self._redirect(one) for one in command.redirects]
        found.extend(self.variables(words))
        while words and _is_assignment(words[0]):
            found.append(self.assignment(words[0]))
            words = words[1:]
        bodies = [one.body for one in command.redirects if one.body is not None]
        texts = [one.target for one in command.redirects if one.operator == "<<<"]
        if words and (bodies or texts) and _base(words[0].text) in _READ_COMMANDS:
            found.extend(self.script(body) for body in bodies)
            found.extend(self.script_word(word) for word in texts)
        if words:
            found.append(self.run(words, has_input=bool(bodies or texts) or _reads_file(command.redirects)))
        return worst(found)

    def run(self, words: Sequence[Word], *, has_input: bool = False) -> RiskFinding:
        """A command by its words, the program first."""
        if not words:
            return NOTHING
        self._deeper()
        self.spend(len(words))
        finding = self._run(words, has_input=has_input)
        if self.rules.commands:
            finding = self.rules.raised([_base(words[0].text), *(word.text for word in words[1:])], finding)
        self.depth -= 1
        return finding

    def _run(self, words: Sequence[Word], *, has_input: bool) -> RiskFinding:
        first = words[0]
        if not first.is_plain or not first.text:
            return RiskFinding(RiskClass.DANGER, "which program it starts is known to the shell alone")
        if not first.text.isascii():
            return RiskFinding(RiskClass.DANGER, "the name of its program holds letters that can look like others")
        name = _base(first.text)
        if " " in first.text and "/" not in first.text.partition(" ")[0]:  # what starts it may give it to a shell
            return self.script(first.text).at_least(RiskClass.RUN, f"{quoted(first.text)} may be run by a shell")
        if name in _READ_COMMANDS and len(words) == 1 and has_input:
            return RiskFinding(RiskClass.RUN, f"{quoted(name)} runs a script")
        program = self.programs.get(name)
        finding = program(self, words[1:]) if program is not None else self.unknown(name, words[1:])
        if "/" in first.text and not first.text.startswith(_STANDARD):
            self.note(first)
            return finding.at_least(RiskClass.RUN, f"{quoted(first.text)} is a program that nothing is known of")
        return finding

    def unknown(self, name: str, arguments: Sequence[Word]) -> RiskFinding:
        """A program without a rule: it may start what stands behind it."""
        found = [RiskFinding(RiskClass.RUN, f"{quoted(name)} is a program that nothing is known of")]
        found.extend(self.secrets(arguments))
        for index, word in enumerate(arguments):
            if _base(word.text) in self.programs:
                inner = self.run(arguments[index:])
                found.append(inner if inner.risk > RiskClass.RUN else NOTHING)
            elif " " in word.text and word.is_literal and _base(word.text.split()[0]) in self.programs:
                inner = self.script(word.text)  # as of `-c`
                found.append(inner if inner.risk > RiskClass.RUN else NOTHING)
        return worst(found)

    def secrets(self, arguments: Iterable[Word]) -> Iterable[RiskFinding]:
        """Arguments that are the names of secrets."""
        return (self.reads(word) for word in arguments if self.where.place(word) is PathPlace.SECRET)

    def script_word(self, word: Word) -> RiskFinding:
        """Text that a shell runs."""
        if not word.is_literal:
            return RiskFinding(RiskClass.DANGER, "a part of what the shell runs is known to it alone")
        return self.script(word.text)

    # -- paths ---------------------------------------------------------------------------------------------------------

    def reads(self, word: Word) -> RiskFinding:
        """Reading this path."""
        match self.where.place(word):
            case PathPlace.NOWHERE | PathPlace.BUILD | PathPlace.INSIDE | PathPlace.GIT:
                return RiskFinding(RiskClass.READ, "it reads in the clone")
            case PathPlace.SECRET:
                return RiskFinding(RiskClass.SECRET, f"{quoted(word.text)} is the name of a secret")
            case PathPlace.SOCKET:
                return RiskFinding(RiskClass.NETWORK, f"{quoted(word.text)} is a connection")
            case PathPlace.OUTSIDE:
                return RiskFinding(RiskClass.RUN, f"{quoted(word.text)} is outside the clone")
            case PathPlace.UNKNOWN:
                return RiskFinding(RiskClass.RUN, f"where {quoted(word.text)} leads is not known")

    def writes(self, word: Word) -> RiskFinding:
        """Writing to this path."""
        match self.where.place(word, names_secrets=False):
            case PathPlace.NOWHERE:
                return NOTHING
            case PathPlace.BUILD | PathPlace.INSIDE | PathPlace.SECRET:
                return RiskFinding(RiskClass.WRITE, f"it writes {quoted(word.text)}")
            case PathPlace.GIT:
                return RiskFinding(RiskClass.DANGER, "it writes into git's own folder")
            case PathPlace.SOCKET:
                return RiskFinding(RiskClass.DANGER, f"it sends to {quoted(word.text)}")
            case PathPlace.OUTSIDE:
                return RiskFinding(RiskClass.DANGER, f"it writes outside the clone: {quoted(word.text)}")
            case PathPlace.UNKNOWN:
                return RiskFinding(RiskClass.DANGER, f"where it writes is not known: {quoted(word.text)}")

    def deletes(self, word: Word) -> RiskFinding:
        """Deleting this path."""
        if self.where.place(word, names_secrets=False) is PathPlace.BUILD:
            return RiskFinding(RiskClass.WRITE, f"it deletes in a build folder: {quoted(word.text)}")
        return RiskFinding(RiskClass.DANGER, f"it deletes {quoted(word.text)}")

    def all_of(self, judge: Callable[[Word], RiskFinding], words: Iterable[Word]) -> list[RiskFinding]:
        """What `judge` says of each."""
        return [judge(word) for word in words]

    def note(self, word: Word) -> None:
        """Note the file that a word names: what runs is what it holds."""
        if word.is_plain:
            paths = self.where.here(word.text)
            self.sources.extend(path for path in paths if path and path not in self.sources)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def spend(self, words: int) -> None:
        """Count words that are looked at. Raises Unreadable."""
        self.budget -= words + 1
        if self.budget < 0:
            raise Unreadable("it is too intricate to be read")

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unreadable("it is nested too deep to be read")

    def variables(self, words: Iterable[Word]) -> Iterable[RiskFinding]:
        """Variables whose names are those of secrets."""
        for word in words:
            for name in word.variables:
                if name == "!" or is_secret_variable(name):
                    yield RiskFinding(RiskClass.SECRET, f"it reads the variable {quoted(name)}")

    def assignment(self, word: Word) -> RiskFinding:
        """`NAME=value`, which may say what another program starts."""
        name, _, value = word.text.partition("=")
        if name in _HARMLESS_VARIABLES:
            return NOTHING
        if name in {"GIT_DIR", "GIT_WORK_TREE"} and self.where.place(Word(value, word.is_literal)) >= PathPlace.UNKNOWN:
            self.where.is_lost = True
        finding = RiskFinding(RiskClass.RUN, f"it sets {quoted(name)}")
        if not word.is_literal:
            return finding
        inner = self.script(value)
        return inner if inner.risk > finding.risk else finding

    def _redirect(self, redirect: Redirect) -> RiskFinding:
        operator, target = redirect.operator, redirect.target
        if operator.startswith("<<"):
            return worst(self.variables([target]))
        if operator in {"<&", ">&"} and (target.text.isdecimal() or target.text in {"-", ""}):
            return NOTHING
        if operator in {"<", "<&"}:
            return self.reads(target)
        return self.writes(target)


_READ_COMMANDS: Final = frozenset({"sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "rbash", "csh", "tcsh"})


def is_secret_variable(name: str) -> bool:
    """Whether a variable of this name is likely to hold a secret."""
    parts = name.upper().split("_")
    return not _SECRET_PARTS.isdisjoint(parts) or name.upper().endswith(("TOKEN", "SECRET", "APIKEY", "PASSWORD"))


def _is_assignment(word: Word) -> bool:
    name, equals, _ = word.text.partition("=")
    name = name.removesuffix("+")
    return (
        word.assigns
        and bool(equals)
        and name.isascii()
        and name.replace("_", "a").isalnum()
        and not name[:1].isdecimal()
    )


def _base(text: str) -> str:
    """The name of a program without its folder, as a file system that ignores case finds it."""
    name = text.rpartition("/")[2].casefold().removesuffix(".exe")
    return "python" if name.startswith("python") and not name[6:].replace(".", "0").strip("0123456789") else name


def _reads_file(redirects: Sequence[Redirect]) -> bool:
    return any(one.operator == "<" for one in redirects)
