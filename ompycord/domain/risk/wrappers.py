"""Programs that start others: shells, interpreters, and what stands before a command such as `timeout`."""

from collections.abc import Mapping, Sequence
from typing import Final

from ompycord.domain.risk.classes import RiskClass, RiskFinding, worst
from ompycord.domain.risk.code import of_code
from ompycord.domain.risk.judging import Judging, Program, quoted
from ompycord.domain.risk.options import Known, known, read_options
from ompycord.domain.risk.shell import Word

__all__ = ["WRAPPERS"]

_FILLED: Final = Word("\0", is_literal=False, is_bare=False)
"""Stands for what a program adds to a command."""


def _before(
    name: str, allowed: Known, *, skip: int = 0, fills: bool = False, least: RiskClass = RiskClass.READ
) -> Program:
    """What stands before a command: `skip` words of its own, then the command; `fills`: it adds words to it."""

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        parsed = read_options(arguments, allowed)
        if parsed.unknown is not None or parsed.unclear:
            return judging.unknown(name, arguments).at_least(RiskClass.RUN, "")
        rest = parsed.operands[skip:]
        if not rest:
            return RiskFinding(max(least, RiskClass.RUN), f"{quoted(name)} starts a program")
        inner = judging.run([*rest, _FILLED] if fills else rest)
        return inner.at_least(max(least, RiskClass.RUN) if fills else least, f"{quoted(name)} starts a program")

    return judge


def _env(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`env`: shows the environment, or sets a part of it before a command."""
    parsed = read_options(
        arguments, known("i 0 --ignore-environment --null v", "u C S --unset --chdir --split-string", early=True)
    )
    if parsed.unknown is not None or parsed.unclear:
        return judging.unknown("env", arguments)
    for word in parsed.values("C", "--chdir"):
        judging.where.enter(word)
    found = list[RiskFinding]()
    for word in parsed.values("S", "--split-string"):  # what stands behind goes to its command
        text = " ".join(one.text for one in (word, *parsed.operands))
        found.append(judging.script_word(Word(text, word.is_literal)))
    rest = list(parsed.operands)
    while rest and "=" in rest[0].text:
        found.append(judging.assignment(rest.pop(0)))
    if rest:
        found.append(judging.run(rest))
    if not found or not (rest or parsed.values("S", "--split-string")):
        return RiskFinding(RiskClass.SECRET, "it shows the environment, where secrets are")
    return worst(found)


def _shell(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`sh` and its like: a command in a word, a script, or what comes on its input."""
    allowed = known(
        "e u x v l i f n h k m p a b E --login --norc --noprofile --posix s", "o O c --rcfile --init-file", early=True
    )
    parsed = read_options(arguments, allowed)
    texts = parsed.values("c")
    if texts:
        # `-c` takes the first operand, whatever options stand between.
        candidates = [*texts, *parsed.operands[:1]] if texts[0].text.startswith("-") else texts
        return worst(judging.script_word(word).at_least(RiskClass.RUN, "a shell runs it") for word in candidates)
    if parsed.unknown is not None or parsed.unclear:
        return RiskFinding(RiskClass.DANGER, "what the shell runs is not known")
    if not parsed.operands or parsed.has("s"):
        return RiskFinding(RiskClass.DANGER, "the shell runs whatever comes on its input")
    script = parsed.operands[0]
    if script.text.startswith("+"):
        return RiskFinding(RiskClass.DANGER, "what the shell runs is not known")
    if not script.is_plain or script.text.startswith(("/dev/", "/proc/")):
        return RiskFinding(RiskClass.DANGER, "the shell runs whatever comes on its input")
    return _script_file(judging, script)


def _script_file(judging: Judging, word: Word) -> RiskFinding:
    """A file that is run: what it holds, where that can be read."""
    judging.note(word)
    path = judging.where.from_root(word) if word.is_plain else None
    text = judging.read(path) if path is not None else None
    finding = worst([RiskFinding(RiskClass.RUN, f"it runs the script {quoted(word.text)}"), *judging.secrets([word])])
    if text is None or not _is_shell(word.text, text):
        return finding
    inner = judging.script(text)
    return inner if inner.risk > finding.risk else finding


def _is_shell(path: str, text: str) -> bool:
    first = text.partition("\n")[0]
    return path.endswith((".sh", ".bash")) or (first.startswith("#!") and first.rstrip().endswith("sh"))


def _source(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    if not arguments or not arguments[0].is_plain:
        return RiskFinding(RiskClass.DANGER, "what the shell runs is not known")
    return _script_file(judging, arguments[0])


def _eval(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    if any(not word.is_plain for word in arguments):
        return RiskFinding(RiskClass.DANGER, "`eval` runs what only the shell knows")
    return judging.script(" ".join(word.text for word in arguments)).at_least(RiskClass.RUN, "`eval` runs it")


def _first_text(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`trap`, `alias`, `watch`: a word of theirs is a command, or all are."""
    found = [RiskFinding(RiskClass.RUN, "it keeps a command for later"), judging.unknown("it", arguments)]
    for word in arguments:
        text = word.text.partition("=")[2] if "=" in word.text else word.text
        found.append(judging.script_word(Word(text, word.is_literal)) if not text.startswith("-") else found[0])
    return worst(found)


def _interpreter(name: str, code: str, *, valued: str = "", modules: bool = False, rewrites: bool = False) -> Program:
    """A language: `code` are its options with code as their value; `modules`: `-m` names a program.

    `rewrites`: with `-i` it changes the files that it gets.
    """
    allowed = known(
        f"{'' if modules else 'W '}u B E I s S O b v q i l n p a w T h V --no-warnings --trace-warnings --check --help "
        "--version -version "
        "--test --watch --experimental-strip-types --test-only --enable-source-maps",
        f"{code} {valued} X W m --check-hash-based-pycs" if modules else f"{code} {valued} r",
        early=True,
    )
    options = code.split()

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        parsed = read_options(arguments, allowed)
        pieces = parsed.values(*options)
        found = [of_code(name, word.text) if word.is_literal else _UNKNOWN_CODE for word in pieces]
        if modules and (module := next(iter(parsed.values("m")), None)) is not None:
            position = next(n for n, word in enumerate(arguments) if word is module or word.text.endswith(module.text))
            inner = judging.run([Word(module.text.partition(".")[0], module.is_literal), *arguments[position + 1 :]])
            return inner.at_least(RiskClass.RUN, f"{quoted(name)} runs a module")
        if parsed.unclear:
            return RiskFinding(RiskClass.DANGER, f"a part of what {quoted(name)} runs is known to the shell alone")
        if parsed.unknown is not None or pieces:
            # Where an option is not known, or code stands behind another letter (`-pe`), any word may be the code.
            found.append(of_code(name, " ".join(word.text.replace("\0", " ") for word in arguments)))
        if pieces:
            found.extend(judging.all_of(judging.reads, parsed.operands))
            if rewrites and (parsed.has("i") or (parsed.unknown or "").lstrip("-pn").startswith("i")):
                found.extend(judging.all_of(judging.writes, parsed.operands))
            return worst(found)
        if parsed.has("--version", "V", "-version", "v") and not parsed.operands:
            return RiskFinding(RiskClass.READ, "it shows a version")
        if not parsed.operands or parsed.operands[0].text == "-" or not parsed.operands[0].is_plain:
            return RiskFinding(RiskClass.DANGER, f"{quoted(name)} runs whatever comes on its input")
        judging.note(parsed.operands[0])
        return worst([RiskFinding(RiskClass.RUN, f"{quoted(name)} runs a program"), *found])

    return judge


_UNKNOWN_CODE: Final = RiskFinding(RiskClass.DANGER, "a part of the code is known to the shell alone")


def _parallel(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`parallel`: a shell gets its words, or what comes on its input."""
    parsed = read_options(arguments, known("k q --keep-order --bar --will-cite", "j n N I --jobs", early=True))
    words = [word for word in parsed.operands if word.text != ":::"]
    if parsed.unknown is not None or parsed.unclear or not words or words[0] is not parsed.operands[0]:
        return RiskFinding(RiskClass.DANGER, "what `parallel` runs is not known")
    stop = next((n for n, word in enumerate(parsed.operands) if word.text == ":::"), None)
    command = parsed.operands[:stop]
    if any(not word.is_literal for word in command):
        return RiskFinding(RiskClass.DANGER, "a part of what `parallel` runs is known to the shell alone")
    return worst((judging.run([*command, _FILLED]), judging.script(" ".join(word.text for word in command)))).at_least(
        RiskClass.RUN, "`parallel` starts a program"
    )


def _privileged(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    return RiskFinding(RiskClass.DANGER, "it acts with the rights of another user")


def _xargs(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    parsed = read_options(
        arguments,
        known(
            "0 r t p x --null --no-run-if-empty --verbose",
            "n I P L d s a E --max-args --max-procs --replace --delimiter",
            early=True,
        ),
    )
    if parsed.unknown is not None or parsed.unclear:
        return judging.unknown("xargs", arguments)
    return judging.run([*(parsed.operands or [Word("echo")]), _FILLED]).at_least(
        RiskClass.RUN, "`xargs` starts a program"
    )


_TIMEOUT: Final = _before(
    "timeout", known("v f p --foreground --preserve-status --verbose", "s k --signal --kill-after", early=True), skip=1
)
_PYTHON: Final = _interpreter("python", "c", modules=True)
_NODE: Final = _interpreter("node", "e p --eval --print", valued="--require --import --loader")

WRAPPERS: Final[Mapping[str, Program]] = {
    "env": _env,
    "nice": _before("nice", known("", "n --adjustment", numeric=True, early=True)),
    "ionice": _before("ionice", known("t", "c n", early=True)),
    "nohup": _before("nohup", known(early=True)),
    "setsid": _before("setsid", known("f w c --fork --wait", early=True)),
    "timeout": _TIMEOUT,
    "gtimeout": _before("gtimeout", known("v --foreground", "s k", early=True), skip=1),
    "command": _before("command", known("p v V", early=True)),
    "builtin": _before("builtin", known(early=True)),
    "exec": _before("exec", known("c l", "a", early=True)),
    "stdbuf": _before("stdbuf", known("", "i o e --input --output --error", early=True)),
    "time": _before("time", known("p v", "f o", early=True)),
    "-p": _before("time", known(early=True)),
    "caffeinate": _before("caffeinate", known("d i m s u", "t", early=True)),
    "chronic": _before("chronic", known(early=True)),
    "unbuffer": _before("unbuffer", known("p", early=True)),
    "flock": _before("flock", known("n x s u e", "w E", early=True), skip=1, least=RiskClass.WRITE),
    "ssh-agent": _before("ssh-agent", known("k s c D d", "t a", early=True), least=RiskClass.SECRET),
    "toybox": _before("toybox", known(early=True)),
    "busybox": _before("busybox", known(early=True)),
    "xvfb-run": _before("xvfb-run", known("a --auto-servernum", "s e n", early=True), least=RiskClass.RUN),
    "xargs": _xargs,
    "parallel": _parallel,
    "watch": _first_text,
    "trap": _first_text,
    "alias": _first_text,
    "bind": _first_text,
    "sh": _shell, "bash": _shell, "zsh": _shell, "dash": _shell, "ksh": _shell, "ash": _shell, "fish": _shell,
    "rbash": _shell, "csh": _shell, "tcsh": _shell, "pwsh": _privileged, "powershell": _privileged, "cmd": _privileged,
    "source": _source,
    ".": _source,
    "eval": _eval,
    "sudo": _privileged, "doas": _privileged, "su": _privileged, "runuser": _privileged, "pkexec": _privileged,
    "python": _PYTHON, "python3": _PYTHON, "python2": _PYTHON, "pypy": _PYTHON, "pypy3": _PYTHON, "py": _PYTHON,
    "node": _NODE, "nodejs": _NODE, "tsx": _NODE, "ts-node": _NODE,
    "perl": _interpreter("perl", "e E", rewrites=True),
    "ruby": _interpreter("ruby", "e", rewrites=True),
    "php": _interpreter("php", "r"),
    "lua": _interpreter("lua", "e"),
    "osascript": _interpreter("osascript", "e"),
    "rscript": _interpreter("rscript", "e"),
}  # fmt: skip
"""The rule of each."""
