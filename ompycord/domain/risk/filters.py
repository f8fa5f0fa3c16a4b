"""Programs whose argument is a program itself: `sed`, `awk`, `jq`; they read, write or start what that says."""

from collections.abc import Mapping, Sequence
from typing import Final

from ompycord.domain.risk.classes import RiskClass, RiskFinding, worst
from ompycord.domain.risk.judging import Judging, Program, quoted
from ompycord.domain.risk.options import known, read_options
from ompycord.domain.risk.reading import beyond, reader
from ompycord.domain.risk.shell import Word

__all__ = ["FILTERS"]


def _sed(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`sed`: reads where its script prints, deletes or substitutes without flags that write or start anything."""
    allowed = known(
        "n E r s u z -n -E -r -i= --quiet --silent --regexp-extended --in-place= --null-data i --debug "
        "--posix --sandbox",
        "e f -e --expression --file",
    )
    parsed = read_options(arguments, allowed)
    paths, scripts = list(parsed.operands), parsed.values("e", "-e", "--expression")
    has_file = parsed.has("f", "--file")
    if not scripts and paths and not has_file:
        scripts = [paths.pop(0)]
    found = [RiskFinding(RiskClass.READ, "`sed` only reads"), *beyond("sed", parsed)]
    if parsed.unknown is not None and not parsed.unknown.startswith("-i"):
        found.append(RiskFinding(RiskClass.DANGER, f"{quoted(parsed.unknown)} of `sed` may write or start anything"))
    if has_file or not all(one.is_literal and _is_plain_sed(one.text) for one in scripts):
        found.append(RiskFinding(RiskClass.RUN, "what the script of `sed` does is not known"))
        if has_file or any(_can_start_in_sed(one) for one in scripts):
            found.append(RiskFinding(RiskClass.DANGER, "the script of `sed` may write files or start programs"))
    in_place = parsed.has("i", "-i", "--in-place")
    found.extend(judging.all_of(judging.writes if in_place else judging.reads, paths))
    return worst(found)


def _is_plain_sed(script: str) -> bool:
    """Whether it is `[address]p`, `d`, `q` or one substitution with the flags `g`, `i`, `I`, `p` or a number."""
    rest = script.strip().lstrip("0123456789,$!+~ ")
    if rest in {"p", "d", "q", "="}:
        return True
    if len(rest) < 4 or rest[0] not in "sy" or rest[1].isalnum() or rest[1] in "\\\n ;":  # noqa: PLR2004  # s/a/
        return False
    parts = _split_sed(rest[2:], rest[1])
    return len(parts) == 3 and set(parts[2].strip()) <= set("giIp0123456789")  # noqa: PLR2004  # what, by what, flags


def _split_sed(text: str, mark: str) -> list[str]:
    parts, current, is_escaped = list[str](), list[str](), False
    for sign in text:
        if sign == mark and not is_escaped:
            parts.append("".join(current))
            current = []
        else:
            current.append(sign)
        is_escaped = sign == "\\" and not is_escaped
    return [*parts, "".join(current)]


def _can_start_in_sed(script: Word) -> bool:
    return not script.is_literal or any(sign in script.text for sign in "ewrW")


def _awk(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`awk`: reads where its program neither redirects nor calls anything that starts programs."""
    parsed = read_options(arguments, known("", "F v f --field-separator --assign --file", early=True))
    paths = list(parsed.operands)
    found = [RiskFinding(RiskClass.READ, "`awk` only reads"), *beyond("awk", parsed)]
    if parsed.unknown is not None:
        found.append(RiskFinding(RiskClass.DANGER, f"{quoted(parsed.unknown)} of `awk` may write or start anything"))
    if files := parsed.values("f", "--file"):
        found.extend(RiskFinding(RiskClass.RUN, f"`awk` runs {quoted(word.text)}") for word in files)
        for word in files:
            judging.note(word)
        program = Word("")
    else:
        program = paths.pop(0) if paths else Word("")
    if "ENVIRON" in program.text:
        found.append(RiskFinding(RiskClass.SECRET, "the program of `awk` reads the environment"))
    if not program.is_literal or any(word in program.text for word in ("system", "getline", ">", "|", "@", "close")):
        found.append(RiskFinding(RiskClass.DANGER, "the program of `awk` may write files or start programs"))
    found.extend(judging.all_of(judging.reads, paths))
    return worst(found)


def _jq(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`jq`: its filter can show the environment."""
    names = "".join(sign if sign.isalnum() else " " for word in arguments for sign in f"{word.text} ").split()
    shown = [RiskFinding(RiskClass.SECRET, "the filter of `jq` reads the environment")] if _ENV & set(names) else []
    return worst([_JQ(judging, arguments), *shown])


_ENV: Final = frozenset({"env", "ENV"})
_JQ: Final = reader(
    "jq",
    known("r c S s e n M C a j --raw-output --compact-output --sort-keys --slurp --exit-status", "--indent"),
    operands="pattern",
    patterns=(),
)


FILTERS: Final[Mapping[str, Program]] = {
    **dict.fromkeys(("sed", "gsed"), _sed),
    **dict.fromkeys(("awk", "gawk", "mawk"), _awk),
    "jq": _jq,
}
"""The rule of each."""
