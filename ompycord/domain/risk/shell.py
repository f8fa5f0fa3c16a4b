"""A shell's grammar, as far as it says which commands a text starts; linear, and capped. Counterpart of `classify.py`.

What it cannot read for certain raises `Unreadable`: nothing that a shell would start is ever hidden in data. Text that
is no command (quoted here-documents, comments) is not read as one.
"""

from dataclasses import dataclass, field
from typing import Final

__all__ = ["CAP", "Command", "Redirect", "Script", "Unreadable", "Word", "parse"]

CAP: Final = 32_768
"""Characters of a command that are read."""
_MOST: Final = 2_000
"""Commands and words of one text that are read."""
_DEEPEST: Final = 24
_MOST_DOCUMENTS: Final = 50
_BLANKS: Final = " \t"
_BREAKS: Final = frozenset(" \t\n;&|()<>")
_SPECIAL: Final = frozenset("?@*#$!-0123456789")
_UNCLEAR: Final = "\0"
"""Stands in a word for what only the shell knows."""
RESERVED: Final = frozenset(
    {"if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "{", "}", "time", "esac", "coproc"}
)
"""Words after which a command stands, where they are not quoted."""


class Unreadable(ValueError):
    """It is too long, too deep, or its grammar is not certain."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word after quotes and escapes."""

    text: str
    is_literal: bool = True
    """Whether it holds no variable, command or arithmetic."""
    has_pattern: bool = False
    """Whether the shell may make other words of it: `*`, `?`, `[`, `{`."""
    is_bare: bool = True
    """Whether nothing in it is quoted."""
    variables: tuple[str, ...] = ()
    assigns: bool = False
    """Whether a `=` stands in it and nothing before that is quoted: only then a shell may take it as an assignment."""

    @property
    def is_plain(self) -> bool:
        """Whether its text is what a program gets."""
        return self.is_literal and not self.has_pattern


@dataclass(slots=True)
class Redirect:
    """`> file`; of a here-document also its body."""

    operator: str
    target: Word
    body: str | None = None
    """The text of a here-document."""


@dataclass(slots=True)
class Command:
    """One simple command: its words, assignments before it too, and its redirections."""

    words: list[Word] = field(default_factory=list[Word])
    redirects: list[Redirect] = field(default_factory=list[Redirect])


@dataclass(slots=True)
class Script:
    """Every command that a text can start, those in substitutions too, in the order in which they end."""

    commands: list[Command] = field(default_factory=list[Command])
    is_broken: bool = False
    """Whether a shell would refuse the text, such as one with an open quote."""
    words: int = 0


def parse(text: str) -> Script:
    """Read a text as a shell does. Raises Unreadable."""
    if len(text) > CAP:
        raise Unreadable("it is too long to be read")
    if "\0" in text or "\r" in text:
        raise Unreadable("it holds signs that shells read in different ways")
    _Parser(text, script := Script(), 0).commands(end="")
    return script


class _Parser:
    """One text, from left to right."""

    def __init__(self, text: str, script: Script, depth: int) -> None:
        if depth > _DEEPEST:
            raise Unreadable("it is nested too deep to be read")
        self._text = text
        self._at = 0
        self._script = script
        self._depth = depth
        self._documents: list[Redirect] = []
        self._total_documents = 0
        self._arithmetic = 0

    # -- commands ------------------------------------------------------------------------------------------------------

    def commands(self, *, end: str) -> None:
        """Read commands up to `end`, or to the end of the text."""
        command = Command()
        while self._at < len(self._text):
            sign = self._text[self._at]
            if sign in _BLANKS:
                self._at += 1
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif sign == "#":
                self._at = _or_end(self._text.find("\n", self._at), self._text)
            elif sign == "\n":
                self._at += 1
                command = self._close(command)
                self._bodies()
            elif sign == ")":
                self._at += 1
                command = self._close(command)
                if end:
                    self._no_documents()
                    return
            elif sign == "(":
                self._at += 1
                command = self._close(command)
                self._nested()
            elif sign in "<>" or self._text.startswith("&>", self._at):
                self._redirect_or_word(command)
            elif sign in ";&|":
                self._at += 1
                command = self._close(command)
            else:
                self._add_word(command, within=end)
        self._close(command)
        self._script.is_broken |= bool(end)
        if end:
            self._no_documents()

    def _no_documents(self) -> None:
        if self._documents:
            raise Unreadable("a here-document and parentheses on one line cannot be read for certain")

    def _close(self, command: Command) -> Command:
        if command.words or command.redirects:
            if len(self._script.commands) >= _MOST:
                raise Unreadable("it has too many commands to be read")
            self._script.commands.append(command)
            return Command()
        return command

    def _nested(self) -> None:
        """Commands in parentheses, of which the first is read already."""
        self._no_documents()
        if self._depth >= _DEEPEST:
            raise Unreadable("it is nested too deep to be read")
        is_arithmetic = self._text.startswith("(", self._at)
        self._depth, self._arithmetic = self._depth + 1, self._arithmetic + is_arithmetic
        self.commands(end=")")
        self._depth, self._arithmetic = self._depth - 1, self._arithmetic - is_arithmetic

    def _add_word(self, command: Command, *, within: str) -> None:
        word = self._word()
        is_fd = word.is_bare and word.text.isdecimal() and self._at < len(self._text) and self._text[self._at] in "<>"
        if is_fd:  # the number of a stream, which is part of the redirection
            return
        if within and word.is_bare and word.text == "case" and all(_is_reserved(one) for one in command.words):
            raise Unreadable("a case in parentheses cannot be read for certain")
        self._script.words += 1
        if self._script.words > 4 * _MOST:
            raise Unreadable("it has too many words to be read")
        command.words.append(word)

    # -- redirections --------------------------------------------------------------------------------------------------

    def _redirect_or_word(self, command: Command) -> None:
        if self._text.startswith(("<(", ">("), self._at):
            command.words.append(self._word())
            return
        operator = next(one for one in _OPERATORS if self._text.startswith(one, self._at))
        self._at += len(operator)
        while self._at < len(self._text) and self._text[self._at] in _BLANKS:
            self._at += 1
        if self._at >= len(self._text) or self._text[self._at] in "\n;&|)":
            self._script.is_broken = True
            return
        redirect = Redirect(operator, self._word())
        command.redirects.append(redirect)
        if operator in {"<<", "<<-"}:
            self._total_documents += 1
            if self._total_documents > _MOST_DOCUMENTS or not redirect.target.is_literal:
                raise Unreadable("its here-documents cannot be read for certain")
            self._documents.append(redirect)

    def _bodies(self) -> None:
        """Read the here-documents that begin on the line before."""
        for redirect in self._documents:
            lines: list[str] = []
            while self._at < len(self._text):
                stop = _or_end(self._text.find("\n", self._at), self._text)
                line = self._text[self._at : stop]
                self._at = min(stop + 1, len(self._text))
                if redirect.operator == "<<-":
                    line = line.lstrip("\t")
                if line == redirect.target.text:
                    break
                lines.append(line)
            redirect.body = "\n".join(lines)
            if redirect.target.is_bare:
                self._expand_body(redirect.body)
        self._documents = []

    def _expand_body(self, body: str) -> None:
        """Commands in a here-document whose end is not quoted are started, too."""
        if any(line.endswith("\\") for line in body.split("\n")):
            raise Unreadable("a line of a here-document goes on in the next one")
        _Parser(body, self._script, self._depth + 1).expansions(end="")

    # -- words ---------------------------------------------------------------------------------------------------------

    def _word(self) -> Word:
        built = _Building()
        while self._at < len(self._text):
            sign = self._text[self._at]
            if self._text.startswith(("<(", ">("), self._at):
                self._at += 2
                built.unclear()
                self._nested()
            elif sign in _BREAKS:
                break
            else:
                self._part(sign, built)
        return built.word()

    def _part(self, sign: str, built: "_Building") -> None:
        text = self._text
        if sign == "'":
            stop = text.find("'", self._at + 1)
            self._script.is_broken |= stop < 0
            if self._arithmetic and any(one in "$`" for one in text[self._at : stop]):
                raise Unreadable("quotes in arithmetic do not keep commands from being started")
            built.quoted(text[self._at + 1 : _or_end(stop, text)])
            self._at = _or_end(stop, text) + 1
        elif sign == '"':
            self._at += 1
            built.quoted("")
            self.expansions(end='"', built=built)
        elif sign == "\\":
            following = text[self._at + 1 : self._at + 2]
            if following != "\n":
                built.quoted(following)
            self._at += 2
        elif sign in "$`":
            self._expansion(built, is_quoted=False)
        else:
            built.assigns |= sign == "=" and built.is_bare and built.is_literal
            built.parts.append(sign)
            built.has_pattern |= sign in "*?[{"
            self._at += 1

    def expansions(self, *, end: str, built: "_Building | None" = None) -> None:
        """Read text in double quotes up to `end`: only variables and commands in it mean something."""
        built = built or _Building()
        while self._at < len(self._text):
            sign = self._text[self._at]
            if sign == end:
                self._at += 1
                return
            if sign == "\\":
                following = self._text[self._at + 1 : self._at + 2]
                if following != "\n":
                    built.parts.append(following if following in '$`"\\' else f"\\{following}")
                self._at += 2
            elif sign in "$`":
                self._expansion(built, is_quoted=True)
            else:
                built.parts.append(sign)
                self._at += 1
        self._script.is_broken |= bool(end)

    def _expansion(self, built: "_Building", *, is_quoted: bool) -> None:
        text, following = self._text, self._text[self._at + 1 : self._at + 2]
        if text[self._at] == "`":
            self._backticks(built)
        elif following == "(":
            self._at += 2
            built.unclear()
            self._nested()
        elif following == "{":
            self._braces(built)
        elif following == "'" and not is_quoted:
            self._ansi(built)
        elif following == '"' and not is_quoted:
            self._at += 1
        elif following == "[" and not is_quoted:
            raise Unreadable("`$[…]` cannot be read for certain")
        elif following and (following in _SPECIAL or following == "_" or following.isalpha()):
            stop = self._at + 2
            if following not in _SPECIAL:
                stop = _end_of_name(text, self._at + 1)
            built.unclear(text[self._at + 1 : stop])
            self._at = stop
        else:
            built.parts.append("$")
            self._at += 1

    def _backticks(self, built: "_Building") -> None:
        stop = self._text.find("`", self._at + 1)
        inside = self._text[self._at + 1 : _or_end(stop, self._text)]
        if "\\" in inside:
            raise Unreadable("escapes in backticks cannot be read for certain")
        self._script.is_broken |= stop < 0
        self._at = _or_end(stop, self._text) + 1
        built.unclear()
        inner = _Parser(inside, self._script, self._depth + 1)
        inner.commands(end="")
        inner._no_documents()  # of this class

    def _braces(self, built: "_Building") -> None:
        """`${NAME}` with what may stand behind the name, where it holds no quote."""
        self._at += 2
        start = self._at
        stop = _end_of_name(self._text, start)
        name = self._text[start:stop] or self._text[start : start + 1]
        built.unclear(name)
        while self._at < len(self._text):
            sign = self._text[self._at]
            if sign == "}":
                self._at += 1
                return
            if sign in "'\"\\" or self._text.startswith("@P}", self._at):
                raise Unreadable("quotes or `@P` behind a variable's name cannot be read for certain")
            if sign in "$`":
                self._expansion(built, is_quoted=True)
            else:
                self._at += 1
        self._script.is_broken = True

    def _ansi(self, built: "_Building") -> None:
        """`$'…'`: what its escapes stand for is not worked out."""
        stop = self._text.find("'", self._at + 2)
        inside = self._text[self._at + 2 : _or_end(stop, self._text)]
        if "\\" in inside:
            raise Unreadable("escapes in $'…' hide what they stand for")
        self._script.is_broken |= stop < 0
        built.quoted(inside)
        self._at = _or_end(stop, self._text) + 1


@dataclass(slots=True)
class _Building:
    """A word while it is read."""

    parts: list[str] = field(default_factory=list[str])
    is_literal: bool = True
    has_pattern: bool = False
    is_bare: bool = True
    assigns: bool = False
    variables: list[str] = field(default_factory=list[str])

    def quoted(self, text: str) -> None:
        self.is_bare = False
        self.parts.append(text)

    def unclear(self, variable: str | None = None) -> None:
        self.is_literal = False
        self.parts.append(_UNCLEAR)
        if variable is not None:
            self.variables.append(variable)

    def word(self) -> Word:
        text = "".join(self.parts)
        has_pattern = self.has_pattern and text not in {"{", "[", "[["}
        if has_pattern and text[0] in "{-" and "{" in text and ("," in text or ".." in text):
            return Word(  # of which the shell makes several words, and any may be an option
                f"{_UNCLEAR}{text}", is_literal=False, has_pattern=True, variables=tuple(self.variables)
            )
        return Word(text, self.is_literal, has_pattern, self.is_bare, tuple(self.variables), self.assigns)


_OPERATORS: Final = ("&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">")


def _is_reserved(word: Word) -> bool:
    return word.is_bare and word.text in RESERVED


def _or_end(found: int, text: str) -> int:
    return len(text) if found < 0 else found


def _end_of_name(text: str, at: int) -> int:
    while at < len(text) and (text[at] == "_" or text[at].isalnum()):
        at += 1
    return at
