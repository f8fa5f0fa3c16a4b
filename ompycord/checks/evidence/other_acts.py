"""Pure: what code in other languages than Python does that reaches into the run of the tests, by its text.

Counterpart of `python_acts.py`, and like it no proof: a reason to look.
"""

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Final

__all__ = ["other_answers"]

_SCRIPT: Final = re.compile(
    r"""process\.(?:reallyExit|abort)\b|process\.exit\(\s*(?:0\s*)?\)|process\.exitCode\s*=\s*0|process\.on\(\s*["'](?:exit|beforeExit)
    |globalThis\.(?:expect|test|it|describe|assert)\b|\bglobal\.(?:expect|test|it|describe|assert)\b|JEST_WORKER_ID|\bVITEST\b
    |(?:require\(|from\s|import\()\s*["'](?:node:)?(?:assert|test|jest|vitest|chai|mocha|@jest/[\w-]+|expect)(?:/\w+)?["']
    |\bjest\.|\bvi\.mock|Error\(\)\.stack|prepareStackTrace|Object\.prototype\.\w+\s*=|Array\.prototype\.\w+\s*=""",
    re.VERBOSE,
)
_BY_END: Final = {
    **dict.fromkeys(("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"), _SCRIPT),
    "go": re.compile(r'os\.Exit\(0\)|testing\.Testing\(\)|flag\.Lookup\("test\.|"testing"|syscall\.Exit\(0\)'),
    "rs": re.compile(
        r"process::exit\(\s*0\s*\)|process::abort|cfg!\(test\)|cfg\(not\(test\)\)|panic::set_hook|libc::_?exit"
    ),
    **dict.fromkeys(
        ("java", "kt", "scala", "groovy"),
        re.compile(
            r"System\.exit\(\s*0\s*\)|\.halt\(\s*0\s*\)|org\.junit|org\.testng|getStackTrace|StackWalker|exitProcess\(0\)"
        ),
    ),
    "rb": re.compile(
        r"\bexit!|\bat_exit\b|\bRSpec\b|\bMinitest\b|Test::Unit|\bcaller(?:_locations)?\b|\bexit\(?\s*(?:0|true)\b"
    ),
    "php": re.compile(r"register_shutdown_function|\b(?:exit|die)\s*\(\s*(?:0\s*)?\)|PHPUnit|debug_backtrace|pcntl_"),
    "cs": re.compile(
        r"Environment\.Exit\(\s*0\s*\)|\bXunit\b|NUnit\.Framework|Microsoft\.VisualStudio\.TestTools|StackTrace\("
    ),
    **dict.fromkeys(
        ("c", "cc", "cpp", "cxx", "h", "hpp"),
        re.compile(r"\b_?[Ee]xit\s*\(\s*0\s*\)|\bquick_exit\b|\batexit\s*\(|gtest/|catch2/|\bEXIT_SUCCESS\s*\)"),
    ),
    "swift": re.compile(r"\bexit\(\s*0\s*\)|XCTest"),
    "dart": re.compile(r"\bexit\(\s*0\s*\)|package:test/"),
}
_OWN_OF_TESTS: Final = re.compile(
    r"junit|testng|testing|rspec|minitest|phpunit|xunit|nunit|gtest|catch2|xctest|package:test|test::unit|require|from\s|import\("
    r"|jest\.|vi\.mock|testtools|jest_worker|vitest",
    re.IGNORECASE,
)
"""What a file with tests says of its runner anyway."""
_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)


def other_answers(path: str, old: str | None, new: str, *, is_new_test: bool) -> list[str]:
    """What the new text says that its old one did not, or less often. A new file of tests may name its runner."""
    watched = _BY_END.get(PurePosixPath(path).suffix[1:].lower())
    if watched is None:
        return []
    known = Counter(_found(watched, old or ""))
    added = list(Counter(_found(watched, new)) - known)
    return [one for one in added if not (is_new_test and _OWN_OF_TESTS.search(one))]


def _found(watched: re.Pattern[str], text: str) -> list[str]:
    return [" ".join(found.split()) for found in watched.findall(_COMMENT.sub(" ", text))]
