"""Package managers whose commands may be scripts of the package or programs that they start; part of `programs.py`."""

from collections.abc import Mapping, Sequence
from typing import Final

from ompycord.domain.risk.classes import RiskClass, RiskFinding, worst
from ompycord.domain.risk.judging import Judging, Program, quoted
from ompycord.domain.risk.options import known, read_options
from ompycord.domain.risk.shell import Word
from ompycord.domain.risk.tasks import package_script
from ompycord.domain.risk.wrappers import WRAPPERS

__all__ = ["PACKAGES", "by_subcommand", "runner_of"]


def by_subcommand(name: str, table: str, otherwise: RiskClass) -> Program:
    """A program of subcommands: `table` has `class: words` on its lines; the worst word that stands there counts."""
    classes: dict[str, RiskClass] = {}
    for line in table.strip().splitlines():
        word, _, names = line.strip().partition(":")
        classes.update(dict.fromkeys(names.split(), RiskClass.named(word)))

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        words = [word for word in arguments if not word.text.startswith("-")]
        if not words:
            risk = RiskClass.RUN if arguments and all(one.text in _VERSIONS for one in arguments) else otherwise
            return RiskFinding(risk, f"{quoted(name)} runs")
        first = words[0]
        if not first.is_plain or not first.text.isascii():
            return RiskFinding(RiskClass.DANGER, f"which command of {quoted(name)} it is cannot be read for certain")
        risk = classes.get(first.text.casefold(), otherwise)
        found = [RiskFinding(risk, f"{quoted(f'{name} {first.text}')} {_DOES[risk]}")]
        if first.text.casefold() not in classes:  # such as the value of an option before the command
            others = (classes.get(word.text.casefold(), RiskClass.READ) for word in words[1:])
            found.append(RiskFinding(max(others, default=RiskClass.READ), f"{quoted(name)} {_DOES[risk]}"))
        if any(not word.is_literal and word.is_bare for word in arguments):
            found.append(
                RiskFinding(RiskClass.NETWORK, f"a part of what {quoted(name)} gets is known to the shell alone")
            )
        return worst(found)

    return judge


_VERSIONS: Final = frozenset({"--version", "-v", "-V", "--help", "-h"})
_DOES: Final = {
    RiskClass.READ: "only reads",
    RiskClass.WRITE: "changes the clone",
    RiskClass.RUN: "runs in the clone",
    RiskClass.NETWORK: "reaches out",
    RiskClass.SECRET: "shows secrets",
    RiskClass.PUBLISH: "publishes",
    RiskClass.DANGER: "cannot be undone",
}


def _npm(name: str) -> Program:
    """`npm` and its like: packages from the network, scripts of the package."""
    table = by_subcommand(
        name,
        """
        read: ls list ll prefix root bin help version-only
        run: pack rebuild explain why fund init dedupe
        write: version pkg set-script
        network: install i ci add update up upgrade audit view info outdated search exec dlx x create ping import
        network: uninstall remove rm un link unlink prune fetch install-test it doctor
        secret: config get
        publish: publish deprecate dist-tag access owner team org star adduser login logout token hook stage
        danger: unpublish
        """,
        RiskClass.NETWORK,
    )

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        words = [word for word in arguments if not word.text.startswith("-")]
        found = [of(judging, arguments)]
        if words and words[0].text.casefold() not in _KNOWN_WORDS:
            # What stands first may be the value of an option (`--prefix web publish`) or name a package.
            behind = (n for n, word in enumerate(arguments) if word.text.casefold() in _KNOWN_WORDS)
            found.extend(of(judging, arguments[n:]) for n in behind)
        if name == "bun" and any(word.text in {"-e", "--eval", "-p", "--print"} for word in arguments):
            found.append(WRAPPERS["node"](judging, arguments))
        return worst(found)

    def of(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        words = [word for word in arguments if not word.text.startswith("-")]
        first = words[0].text.casefold() if words and words[0].is_plain else ""
        if first in {"run", "run-script", "rum"}:
            end = next((n for n, word in enumerate(arguments) if word.text == "--"), None)
            own = [word for word in arguments[:end] if not word.text.startswith("-")][1:]
            if not own:
                return RiskFinding(RiskClass.READ, "it lists")
            # The value of an option may stand before the script: `run --prefix web deploy`.
            is_plain = len(words) > 1 and arguments[1:2] == words[1:2]
            return worst(package_script(judging, name, word) for word in (own[:1] if is_plain else own))
        if first in {"test", "t", "tst", "start", "stop", "restart"}:
            return package_script(judging, name, Word({"t": "test", "tst": "test"}.get(first, first)))
        if first == "exec" or (first in {"x", "dlx"}):
            return _npx(name)(judging, [word for word in arguments if word is not words[0]])
        finding = table(judging, arguments)
        is_script = name != "npm" and first and finding.why.startswith(quoted(f"{name} {words[0].text}"))
        if is_script and first not in _OWN_WORDS and not finding.risk > RiskClass.NETWORK:
            return package_script(judging, name, words[0])
        return finding

    return judge


_OWN_WORDS: Final = frozenset(
    {
        *("install", "i", "ci", "add", "update", "up", "upgrade", "audit", "view", "info", "outdated"),
        *("search", "exec", "dlx", "x", "create", "ping", "import", "uninstall", "remove", "rm", "un"),
        *("link", "unlink", "prune", "fetch", "ls", "list", "pack", "rebuild", "explain", "why", "fund"),
        *("init", "dedupe", "version", "pkg", "config", "get"),
    }
)
"""Words of yarn, pnpm and bun that are no script of the package."""
_KNOWN_WORDS: Final = _OWN_WORDS | {
    *("run", "run-script", "rum", "test", "start", "publish", "deprecate", "dist-tag", "access", "owner", "team"),
    *("adduser", "login", "logout", "token", "hook", "unpublish"),
}


def _npx(name: str) -> Program:
    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        allowed = known("y q --yes --no --no-install --quiet --offline", "p c --package --call", early=True)
        parsed = read_options(arguments, allowed)
        found = [judging.script_word(word) for word in parsed.values("c", "--call")]
        found.append(judging.run(parsed.operands))
        least = RiskClass.RUN if parsed.has("--no", "--no-install", "--offline") else RiskClass.NETWORK
        if parsed.unknown is not None or parsed.unclear:
            found.append(judging.unknown(name, arguments))
        return worst(found).at_least(least, f"{quoted(name)} downloads and runs a package")

    return judge


def runner_of(name: str, word: str, other: Program) -> Program:
    """`uv run …`, `poetry run …`: what stands behind the word, else another rule."""

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        words = list(arguments)
        while words and words[0].text.startswith("-"):
            words.pop(0)
        if not words or words[0].text != word:
            behind = next((n for n, one in enumerate(words) if one.text == word), None)
            found = other(judging, arguments)
            return found if behind is None else worst((found, judge(judging, words[behind:])))
        rest = words[1:]
        while rest and rest[0].text.startswith("-"):
            rest.pop(0)
        return judging.run(rest).at_least(RiskClass.RUN, f"{quoted(f'{name} {word}')} starts a program")

    return judge


PACKAGES: Final[Mapping[str, Program]] = {
    **{name: _npm(name) for name in ("npm", "yarn", "pnpm", "bun")},
    **{name: _npx(name) for name in ("npx", "bunx", "pnpx", "uvx")},
}
"""The rule of each of Node's."""
