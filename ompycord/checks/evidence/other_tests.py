"""Pure: whether a change of a file with tests in another language than Python only added tests.

There is no syntax tree here, so little is taken: every old line stands, and what was put between them is whole tests
under new names, at a place where tests stand. All else is a change of the tests that were there.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import PurePosixPath
from typing import Final

from ompycord.checks.evidence.change import Finding
from ompycord.checks.evidence.lines import Insertion, insertions
from ompycord.checks.evidence.test_paths import is_test

__all__ = ["changed_other_tests", "holds_tests", "inline_tests"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How tests are written in a language with brackets."""

    tokens: re.Pattern[str]
    """Comments, strings and brackets; all else is passed over."""
    item: re.Pattern[str]
    """One test, or an import, in a text whose strings are `""` and whose brackets are empty."""
    name: re.Pattern[str]
    """The name of a test in the text as it stands."""
    container: re.Pattern[str]
    """A line that opens a group of tests."""


_C: Final = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_QUOTES: Final = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
_BRACKETS: Final = r"[(){}\[\]]"
_TRIPLE: Final = r'"""(?:\\.|[^\\])*?(?:"""|\Z)'


def _tokens(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join((*parts, _BRACKETS)), re.DOTALL)


_SCRIPT: Final = Language(
    tokens=_tokens(
        _C,
        _QUOTES,
        r"`(?:\\.|[^`\\])*(?:`|\Z)",
        r"(?<=[(,=:!&|?{};\n])[ \t]{0,99}/(?![/*])(?:\\.|\[[^\]\n]*\]|[^/\\\n])+/[a-z]*",
    ),
    item=re.compile(
        r"""(?:test|it|describe|suite|context|Deno\.test)(?:\.(?:each|concurrent))?\(\)(?:\(\))?;?
        |import\s[^;\n]+;?|(?:const|let|var)\s[\w{}\s,]+=\s*(?:await\s+)?(?:require|import)\(\);?""",
        re.VERBOSE,
    ),
    name=re.compile(r"\b(?:test|it|describe|suite|context)\b[^\n(]*\(\s*([\"'`].*?[\"'`])"),
    container=re.compile(r"\b(?:describe|suite|context)\b"),
)
_GO: Final = Language(
    tokens=_tokens(_C, r'"(?:\\.|[^"\\\n])*"', r"'(?:\\.|[^'\\\n])*'", r"`[^`]*(?:`|\Z)"),
    item=re.compile(r"func\s+(?:Test|Benchmark|Fuzz|Example)\w*\(\)\s*\{\}"),
    name=re.compile(r"^func\s+(\w+)", re.MULTILINE),
    container=re.compile(r"(?!)"),
)
_RUST: Final = Language(
    tokens=_tokens(_C, r'r(#*)".*?(?:"\1|\Z)', r'"(?:\\.|[^"\\])*(?:"|\Z)', r"'(?:\\[^']*|[^\\'\n])'"),
    item=re.compile(r"(?:\#\[\]\s*)+(?:pub\s+)?(?:async\s+)?fn\s+\w+\(\)\s*(?:->\s*[\w<>(),:\s]+?)?\{\}|use\s[^;]+;"),
    name=re.compile(r"\bfn\s+(\w+)"),
    container=re.compile(r"\bmod\b"),
)
_JVM: Final = Language(
    tokens=_tokens(_C, _TRIPLE, _QUOTES, r"`[^`\n]*`"),
    item=re.compile(
        r"""(?:(?:@[\w.]+(?:\(\))?|\[\])\s*)+(?:(?:public|private|internal|protected|static|final|async|suspend|open|virtual)\s+)*
        (?:fun\s+)?(?:[\w.<>\[\]?]+\s+)?(?:\w+|``)\(\)\s*(?:throws\s+[\w.,\s]+?|:\s*\w+\s*)?\s*\{\}""",
        re.VERBOSE,
    ),
    name=re.compile(r"(\w+|`[^`\n]*`)\s*\([^()\n]*\)\s*(?:throws\s[^{;\n]*|:\s*\w+\s*)?\{"),
    container=re.compile(r"\b(?:class|object|struct|record|namespace)\b"),
)
_PHP: Final = Language(
    tokens=_tokens(_C, r"#(?!\[)[^\n]*", r'"(?:\\.|[^"\\])*(?:"|\Z)', r"'(?:\\.|[^'\\])*(?:'|\Z)"),
    item=re.compile(
        r"(?:\#?\[\]\s*)*(?:(?:public|final|static)\s+)*function\s+test\w*\(\)\s*(?::\s*\w+\s*)?\{\}|(?:test|it)\(\);"
    ),
    name=re.compile(r"\bfunction\s+(\w+)|\b(?:test|it)\(\s*([\"'].*?[\"'])"),
    container=re.compile(r"\bclass\b"),
)
_CALLS: Final = Language(
    tokens=_tokens(_C, _TRIPLE, _QUOTES),
    item=re.compile(
        r"""(?:TEST|TEST_F|TEST_P|TEST_CASE|SCENARIO|BOOST_AUTO_TEST_CASE)\(\)\s*\{\}
        |(?:@\w+(?:\(\))?\s*)*func\s+test\w*\(\)\s*(?:async\s*)?(?:throws\s*)?\{\}|(?:test|testWidgets)\(\);""",
        re.VERBOSE,
    ),
    name=re.compile(r"\bTEST\w*\(([^)]*)\)|\bfunc\s+(\w+)|\btest\w*\(\s*([\"'].*?[\"'])|_TEST_CASE\(([^)]*)\)"),
    container=re.compile(r"\b(?:class|group|namespace|main|extension)\b"),
)
_SHELL: Final = Language(
    tokens=_tokens(r"(?<![\w$])#[^\n]*", r'"(?:\\.|[^"\\])*(?:"|\Z)', r"'[^']*(?:'|\Z)"),
    item=re.compile(r'@test\s+""\s*\{\}'),
    name=re.compile(r"@test\s+([\"'].*?[\"'])"),
    container=re.compile(r"(?!)"),
)
_LANGUAGES: Final = {
    **dict.fromkeys(("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"), _SCRIPT),
    "go": _GO,
    "rs": _RUST,
    **dict.fromkeys(("java", "kt", "cs", "scala", "groovy"), _JVM),
    "php": _PHP,
    **dict.fromkeys(("c", "cc", "cpp", "cxx", "swift", "dart"), _CALLS),
    "bats": _SHELL,
}
_WORDS_THAT_END: Final = frozenset({"rb", "cr", "ex", "exs", "lua"})
"""Languages whose blocks are closed by `end`; their lines tell by how far they are indented."""

_SKIPS: Final = re.compile(
    r"""\b(?:skip\w*|xit|xtest|xdescribe|xcontext|xspecify|fit|fdescribe|fcontext|todo|pending|Skip(?:Now|f)?|ignore|Ignored?|
    Disabled|should_panic|markTestSkipped|markTestIncomplete|XCTSkip\w*|Assume\w*|assumeTrue|GTEST_SKIP|DISABLED_\w+|
    Explicit|Inconclusive)\b|\.only\b|\bTODO\b""",
    re.VERBOSE,
)
_ACTS: Final = re.compile(
    r"""\b(?:before|after)(?:Each|All|Suite|Class)?\s*[(\{]|\b(?:setUp|tearDown|SetUp|TearDown|TestMain)\w*\s*\(
    |\bprocess\.|\bglobalThis\b|\bglobal\.|\bprototype\b|\beval\b|\.mock\(|\bos\.Exit\b|\bexit!?\b|\bExit\(|\bhalt\(
    |\babort\b|\bat_exit\b|\bsetAccessible\b|\bregister_shutdown|__DIR__|\binit\(\)|\bset_hook\b|\bdefine_method\b|\bclass_eval\b""",
    re.VERBOSE,
)
_SIZE: Final = 200_000
_LINE: Final = 2000
_HUNK: Final = 20_000
"""Characters of a file, a line and an addition of which it is found out what they are; patterns take the square."""


def changed_other_tests(path: str, old: str, new: str) -> list[Finding]:
    """What became of the tests of `old`; empty where all of them stand and only new ones were added."""
    before, after = old.splitlines(), new.splitlines()
    if len(new) > _SIZE or len(old) > _SIZE or any(len(line) > _LINE for line in (*before, *after)):
        return [("test_changed", None)]
    end = PurePosixPath(path).suffix[1:].lower()
    language = _LANGUAGES.get(end)
    for from_end in (False, True):
        added = insertions(before, after, from_end=from_end)
        if added is not None and language is not None and _are_tests(language, before, added):
            return []
        if added is not None and end in _WORDS_THAT_END and _are_indented_tests(before, added):
            return []
    if _skips(language, new) > _skips(language, old):
        return [("test_skipped", None)]
    return [("test_changed", _described(before, after))]


def holds_tests(path: str) -> bool:
    """Whether it is a file with tests in a language of which it is known what was added to them."""
    return is_test(path) and PurePosixPath(path).suffix[1:].lower() in {"py", *_LANGUAGES, *_WORDS_THAT_END}


def _skips(language: Language | None, text: str) -> int:
    return len(_SKIPS.findall(_code(language, text)))


def _code(language: Language | None, text: str) -> str:
    """The text without comments and strings, where these are known."""
    if language is None:
        return text
    return language.tokens.sub(lambda found: found.group() if found.group() in _BRACKET_SIGNS else " ", text)


def _described(before: Sequence[str], after: Sequence[str]) -> str:
    there = set(after)
    missing = sum(1 for line in before if line.strip() and line not in there)
    return f"{missing} of its lines are gone" if missing else "lines were put among its tests"


# -- languages with brackets -------------------------------------------------------------------------------------------


def _are_tests(language: Language, before: Sequence[str], added: Sequence[Insertion]) -> bool:
    known = _names(language, "\n".join(before))
    for one in added:
        text = "\n".join(one.lines)
        names = _name_list(language, text)
        if len(text) > _HUNK:
            return False
        code = _code(language, text)
        if _ACTS.search(code) or _SKIPS.search(code) or known & set(names) or len(set(names)) < len(names):
            return False
        known |= set(names)
        if not _is_whole(language, text) or not _is_place(language, before, one.at):
            return False
    return True


def _names(language: Language, text: str) -> set[str]:
    return set(_name_list(language, text))


def _name_list(language: Language, text: str) -> list[str]:
    return [next(filter(None, found.groups()), "") for found in language.name.finditer(text)]


def _is_whole(language: Language, text: str) -> bool:
    """Whether a text is nothing but whole tests, imports and comments."""
    flat = _flat(language, text)
    if flat is None:
        return False
    at = 0
    while at < len(flat):
        if flat[at].isspace():
            at += 1
            continue
        found = language.item.match(flat, at)
        if found is None or found.end() == at:
            return False
        at = found.end()
    return True


def _flat(language: Language, text: str) -> str | None:
    """The text without comments, with empty strings and brackets; None where brackets do not match."""
    parts: list[str] = []
    open_brackets: list[str] = []
    end = 0
    for token in language.tokens.finditer(text):
        between, end = text[end : token.start()], token.end()
        if not open_brackets:
            parts.append(between)
        word = token.group()
        if word in _PAIRS:
            if not open_brackets:
                parts.append(word + _PAIRS[word])
            open_brackets.append(_PAIRS[word])
        elif word in _CLOSING:
            if not open_brackets or open_brackets.pop() != word:
                return None
        elif not open_brackets and word.lstrip()[0] in "\"'`":
            parts.append("``" if word.startswith("`") else '""')
    if not open_brackets:
        parts.append(text[end:])
    flat = "".join(parts)
    return None if open_brackets or "/*" in flat or "*/" in flat else flat


_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSING: Final = frozenset(_PAIRS.values())
_BRACKET_SIGNS: Final = frozenset({*_PAIRS, *_CLOSING})


def _is_place(language: Language, before: Sequence[str], at: int) -> bool:
    """Whether a test may stand before line `at`: inside of groups alone, and not between a test and what marks it."""
    starts = list(accumulate((len(line) + 1 for line in before), initial=0))
    open_at: list[int] = []
    for token in language.tokens.finditer("\n".join(before) + "\n"):
        if token.start() >= starts[at]:
            break
        if token.end() > starts[at]:  # a string or a comment reaches over the place
            return False
        word = token.group()
        if word in _PAIRS:
            open_at.append(bisect_right(starts, token.start()) - 1)
        elif word in _CLOSING and open_at:
            open_at.pop()
    previous = next((line.strip() for line in reversed(before[:at]) if line.strip()), "")
    if previous.startswith(("@", "#[", "[")) and not previous.endswith(("}", ";")):
        return False
    if previous and not previous.startswith(("//", "/*", "*", "#")) and previous[-1] not in "{};)":
        return previous.startswith(("import ", "use ", "package ", "from ", "<?php", "load "))
    return all(language.container.search(_opener(before, line)) for line in open_at)


def _opener(before: Sequence[str], line: int) -> str:
    """The line that opens a bracket, or the one above where the bracket stands alone."""
    return before[line - 1] if before[line].strip() == "{" and line else before[line]


# -- languages with `end` ----------------------------------------------------------------------------------------------

_OPENS: Final = re.compile(
    r"(\s*)(?:it|test|specify|scenario|example|describe|context)\b.*\bdo(?:\s*\|.*\|)?|(\s*)def\s+test_\w+"
)
_GROUP: Final = re.compile(r"\s*(?:describe|context|class|module|defmodule|RSpec\.describe|feature|insulate)\b")
_TITLE: Final = re.compile(
    r"\b(?:it|test|specify|scenario|example|describe|context)\b\W*?([\"'].*?[\"'])|\bdef\s+(test_\w+)"
)
_BEGINS: Final = re.compile(
    r"^\s*(?:if|unless|while|until|case|begin|def|class|module|for)\b|\bdo\b(?:\s*\|.*\|)?\s*$|\bfn\b.*->\s*$"
)
_ENDS: Final = re.compile(r"^\s*end\b")
_TRICKS: Final = re.compile(r"=begin|=end|__END__|<<[~-]?\w|\bend\b.*\bend\b")


def _are_indented_tests(before: Sequence[str], added: Sequence[Insertion]) -> bool:
    known = {_title(line) for line in before}
    for one in added:
        lines = [line for line in one.lines if line.strip()]
        titles = [title for title in map(_title, lines) if title]
        text = "\n".join(lines)
        if _ACTS.search(text) or _SKIPS.search(text) or known & set(titles) or len(set(titles)) < len(titles):
            return False
        known |= set(titles)
        if lines and not (_are_blocks(lines) and _is_group_place(before, one.at, lines[0])):
            return False
    return True


def _title(line: str) -> str | None:
    found = _TITLE.search(line)
    return next(filter(None, found.groups()), None) if found else None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _are_blocks(lines: Sequence[str]) -> bool:
    """Whether lines are whole blocks of one depth, each a test that is closed where it was opened."""
    depth = _indent(lines[0])
    balance = 0
    for line in lines:
        if _TRICKS.search(line) or (_indent(line) <= depth and balance == 0 and not _OPENS.match(line)):
            return False
        if balance and _indent(line) <= depth and not (balance == 1 and line.strip() == "end"):
            return False
        balance += len(_BEGINS.findall(line)) - len(_ENDS.findall(line))
        if balance < 0:
            return False
    return balance == 0


def _is_group_place(before: Sequence[str], at: int, first: str) -> bool:
    """Whether all blocks around the place are groups, by their indentation."""
    depth = _indent(first)
    for line in reversed(before[:at]):
        if line.strip() and _indent(line) < depth:
            if not _GROUP.match(line):
                return False
            depth = _indent(line)
    above = next((line for line in reversed(before[:at]) if line.strip()), "")
    return _indent(above) < _indent(first) or above.strip() == "end" or not _indent(first)


# -- tests inside of other sources -------------------------------------------------------------------------------------

_MARKS: Final = 2000
_RUST_TEST: Final = re.compile(r"#\[(?:[\w:]*::)?(?:test|rstest|quickcheck|proptest|test_case|bench)\b")
_RUST_MODULE: Final = re.compile(r"(?:#!?\[[^\n]*\]\s*){0,20}(?:pub\s+)?mod\s+(\w*tests?\w*)\b")


def inline_tests(path: str, text: str) -> dict[str, str]:
    """Tests inside of a Rust source by name, each with its marks and its body, and the modules that hold them."""
    if not path.endswith(".rs"):
        return {}
    if text.count("#[") > _MARKS:
        return {"tests": text}
    found = {f"mod {module.group(1)}": module.group() for module in _RUST_MODULE.finditer(text)}
    for mark in _RUST_TEST.finditer(text):
        name = _RUST.name.search(text, mark.end(), mark.end() + _LINE)
        if name is not None:
            paragraph = text.rfind("\n\n", 0, mark.start()) + 1  # marks above it, such as #[ignore], stand there too
            found[name.group(1)] = text[max(paragraph, 0) : _closing(text, name.end())]
    return found


def _closing(text: str, body: int) -> int:
    """The end of the body that begins after `body`."""
    depth = 0
    for token in _RUST.tokens.finditer(text, body, body + _HUNK):
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        if token.group() == "}" and depth == 0:
            return token.end()
    return len(text)
