"""Programs that only read, each with the options for which that holds; any other option leaves this class."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from ompycord.domain.risk.classes import NOTHING, RiskClass, RiskFinding, worst
from ompycord.domain.risk.judging import Judging, Program, quoted
from ompycord.domain.risk.options import Known, Parsed, known, read_options
from ompycord.domain.risk.shell import Word

__all__ = ["READING", "beyond", "reader"]

Operands = Literal["paths", "pattern", "data", "last written"]


def reader(
    name: str,
    allowed: Known,
    *,
    operands: Operands = "paths",
    patterns: tuple[str, ...] = ("e", "--regexp"),
    reads: tuple[str, ...] = ("f", "--file"),
    writes: tuple[str, ...] = (),
    runs: tuple[str, ...] = (),
) -> Program:
    """The rule of a program that reads. `writes`, `runs`: options whose value is a file written, a program started."""

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        parsed = read_options(arguments, allowed)
        found = [RiskFinding(RiskClass.READ, f"{quoted(name)} only reads")]
        if writes and parsed.unclear and any(word.has_pattern and not word.is_literal for word in arguments):
            found.append(RiskFinding(RiskClass.DANGER, f"the shell may give {quoted(name)} an option that writes"))
        if written := _abbreviated(parsed, writes):
            found.append(judging.writes(written))
        else:
            found.extend(beyond(name, parsed))
        if operands == "data":
            return worst(found[:1] if name in _PRINTING else found)
        found.extend(judging.all_of(judging.writes, parsed.values(*writes)))
        started = judging.all_of(judging.script_word, parsed.values(*runs))
        found.extend(one.at_least(RiskClass.RUN, f"{quoted(name)} starts a program") for one in started)
        paths = list(parsed.operands)
        if operands == "pattern" and not parsed.has(*patterns):
            paths = paths[1:]
        if operands == "last written" and len(paths) > 1:
            found.append(judging.writes(paths.pop()))
        found.extend(judging.all_of(judging.reads, (*paths, *parsed.values(*reads))))
        return worst(found)

    return judge


def _abbreviated(parsed: Parsed, writes: tuple[str, ...]) -> Word | None:
    """The file that an abbreviated option writes: programs take the beginning of a long name for it."""
    name, value = parsed.unknown, parsed.unknown_value
    is_meant = name is not None and name.startswith("--") and any(one.startswith(name) for one in writes)
    return Word(value) if is_meant and value is not None else None


def beyond(name: str, parsed: Parsed) -> list[RiskFinding]:
    """What an option that is not known, or not literal, makes of it."""
    if parsed.unknown is not None:
        return [RiskFinding(RiskClass.RUN, f"what {quoted(name)} does with {quoted(parsed.unknown)} is not known")]
    if parsed.unclear:
        return [RiskFinding(RiskClass.RUN, f"a part of what {quoted(name)} gets is known to the shell alone")]
    return []


_PRINTING: Final = frozenset({"echo"})
"""Programs that print what they do not know."""


def _find(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`find`: it starts programs, deletes and writes by words of its expression."""
    found = [RiskFinding(RiskClass.READ, "`find` only reads")]
    index = 0
    while index < len(arguments):
        word = arguments[index]
        text = word.text
        index += 1
        if not word.is_literal:
            risk = RiskClass.DANGER if word.text.startswith("\0") and word.has_pattern else RiskClass.RUN
            found.append(RiskFinding(risk, "a part of what `find` gets is known to the shell alone"))
        elif text in _FIND_STARTS:
            stop = next((n for n in range(index, len(arguments)) if arguments[n].text in {";", "+"}), len(arguments))
            inner = [one for one in arguments[index:stop] if one.text != "{}"]
            found.append(judging.run([*inner, _FOUND]).at_least(RiskClass.RUN, "`find` starts a program"))
            index = stop + 1
        elif text == "-delete":
            found.append(RiskFinding(RiskClass.DANGER, "`find -delete` deletes what it finds"))
        elif text in _FIND_WRITES:
            found.append(worst(judging.all_of(judging.writes, arguments[index : index + 1])))
            index += 1
        elif text in _FIND_VALUED:
            index += 1
        elif text.startswith("-") and text not in _FIND_FLAGS:
            found.append(RiskFinding(RiskClass.RUN, f"what `find` does with {quoted(text)} is not known"))
        elif not text.startswith(("-", "(", ")", "!")):
            found.append(judging.reads(word))
    return worst(found)


_FOUND: Final = Word("\0", is_literal=False, is_bare=False)
"""Stands for the files that are found."""
_FIND_STARTS: Final = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_FIND_WRITES: Final = frozenset({"-fprint", "-fprint0", "-fls", "-fprintf"})
_FIND_VALUED: Final = frozenset(
    {
        *("-name", "-iname", "-path", "-ipath", "-wholename", "-type", "-maxdepth", "-mindepth", "-size"),
        *("-mtime", "-mmin", "-atime", "-newer", "-perm", "-user", "-group", "-regex", "-iregex"),
        *("-printf", "-regextype", "-lname", "-links", "-cmin", "-ctime", "-amin", "-inum", "-xtype"),
        *("-samefile",),
    }
)
_FIND_FLAGS: Final = frozenset(
    {
        *("-print", "-print0", "-ls", "-prune", "-o", "-a", "-or", "-and", "-not", "-empty", "-depth"),
        *("-xdev", "-L", "-H", "-P", "-quit"),
    }
)


def _environment(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    return RiskFinding(RiskClass.SECRET, "it shows the environment, where secrets are")


def _exporting(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`export` and its like: with names and values it sets them, without any it shows all."""
    given = [word for word in arguments if not word.text.startswith("-")]
    if not given or any(word.text.startswith("-") and "p" in word.text for word in arguments):
        return _environment(judging, arguments)
    return worst(judging.assignment(word) for word in given)


def _set(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    return (
        RiskFinding(RiskClass.READ, "it sets options of the shell") if arguments else _environment(judging, arguments)
    )


def _date(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    is_reading = all(word.text.startswith("+") or word.text in {"-u", "-I", "-R", "--utc"} for word in arguments)
    return NOTHING if is_reading else RiskFinding(RiskClass.RUN, "`date` may set the clock")


def _change_folder(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    words = [word for word in arguments if word.text not in {"-P", "-L", "--"}]
    judging.where.enter(words[0] if words else None)
    return RiskFinding(RiskClass.READ, "it changes the folder")


def _printf(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`printf`: with `-v` it sets a variable, whose subscript is worked out."""
    found = reader("printf", _PLAIN, operands="data")(judging, arguments)
    is_set = any(word.text.startswith("-v") for word in arguments[:1])
    return worst([found, _test(judging, arguments)]) if is_set else found


def _test(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    if any("[" in word.text and any(sign in word.text for sign in ("$", "`")) for word in arguments):
        return RiskFinding(RiskClass.DANGER, "a subscript in it may start programs, quoted or not")
    return RiskFinding(RiskClass.READ, "it compares")


_GREP: Final = known(
    "i v w x c l L n o q s r R H h a E F G P z U b T y --ignore-case --invert-match --word-regexp --line-regexp "
    "--count "
    "--files-with-matches --files-without-match --line-number --only-matching --quiet --silent --no-messages "
    "--recursive --dereference-recursive --with-filename --no-filename --text --extended-regexp --fixed-strings "
    "--basic-regexp --perl-regexp --null --color= --colour= I --no-ignore-case",
    "e f A B C m d D --regexp --file --after-context --before-context --context --max-count --include --exclude "
    "--exclude-dir --exclude-from --binary-files --label",
    numeric=True,
)
_RIPGREP: Final = known(
    "i v w x c l n N o q s S u a F P U H I L 0 p --ignore-case --invert-match --word-regexp --line-regexp --count "
    "--files-with-matches --files-without-match --line-number --no-line-number --only-matching --quiet --smart-case "
    "--case-sensitive --fixed-strings --pcre2 --multiline --hidden --no-ignore --files --no-heading --heading "
    "--with-filename --no-filename --json --vimgrep --column --null --type-list --sort-files --stats --trim --pretty "
    "--count-matches --no-messages --text --unrestricted --crlf --passthru --multiline-dotall",
    "e f g t T A B C m d M j r E --regexp --file --glob --iglob --type --type-not --after-context --before-context "
    "--context --max-count --max-depth --max-columns --threads --replace --encoding --color --colors --sort --sortr "
    "--max-filesize --path-separator --context-separator --engine --pre --hostname-bin",
)
_LS: Final = known(
    "a A l h R t S r 1 F d G g i k m n o p q s u U x X c C L H B N Z v --all --almost-all --human-readable --recursive "
    "--reverse --size --inode --directory --color= --group-directories-first --full-time --classify= --numeric-uid-gid "
    "--dereference --no-group --si --author --escape",
    "I w T --ignore --hide --sort --time --format --time-style --indicator-style --width --block-size",
)
_PLAIN: Final = known(numeric=True)

_TABLE: Final[Mapping[str, Program]] = {
    "ls": reader("ls", _LS),
    "dir": reader("dir", _LS),
    "cat": reader("cat", known("n b s A E T v e t u --number --show-all --show-ends --squeeze-blank")),
    "tac": reader("tac", _PLAIN),
    "nl": reader("nl", known("", "b s w n v i h f l d --body-numbering --number-width")),
    "head": reader("head", known("q v z --quiet --verbose", "n c --lines --bytes", numeric=True)),
    "tail": reader("tail", known("q v z f F r --quiet --follow= --retry", "n c s --lines --bytes --pid", numeric=True)),
    "wc": reader("wc", known("l w c m L --lines --words --bytes --chars --max-line-length")),
    "cut": reader("cut", known("s n z", "d f c b --delimiter --fields --characters --bytes --output-delimiter")),
    "tr": reader("tr", known("d s c C t --delete --squeeze-repeats --complement"), operands="data"),
    "uniq": reader("uniq", known("c d u i D z --count --repeated --unique", "f s w"), operands="last written"),
    "sort": reader(
        "sort",
        known(
            "r n u f b h g V M d i c C s z m R --reverse --numeric-sort --unique --ignore-case --human-numeric-sort "
            "--general-numeric-sort --version-sort --check= --stable --zero-terminated --merge",
            "k t o S --key --field-separator --output --buffer-size --parallel",
        ),
        writes=("o", "--output"),
    ),
    "comm": reader("comm", known("1 2 3 i")),
    "join": reader("join", known("i", "1 2 j t o a e v")),
    "paste": reader("paste", known("s z", "d")),
    "fold": reader("fold", known("s b", "w")),
    "column": reader("column", known("t x n e", "s c o N")),
    "rev": reader("rev", _PLAIN),
    "od": reader("od", known("c x b d o v a", "A t N j w")),
    "xxd": reader(
        "xxd", known("b i p r u E e a C -ps -plain -include -bits -revert", "c g l s o n"), operands="last written"
    ),
    "hexdump": reader("hexdump", known("C c b d x v", "n s")),
    "strings": reader("strings", known("a", "n t")),
    "file": reader("file", known("b i L h k --brief --mime --mime-type --mime-encoding")),
    "stat": reader("stat", known("L f t x --dereference", "c f t --format --printf")),
    "tree": reader(
        "tree", known("a d f i h D s u g p F r t l --dirsfirst --noreport --gitignore J", "L I P o --charset -L"),
        writes=("o",),
    ),
    "du": reader("du", known("s h a c k m b x L S --summarize --human-readable --all", "d --max-depth --exclude")),
    "df": reader("df", known("h k m T i a l --human-readable")),
    "pwd": reader("pwd", known("P L")),
    "echo": reader("echo", known("n e E"), operands="data"),
    "printf": _printf,
    "true": _test, "false": _test, ":": _test, "test": _test, "[": _test, "[[": _test, "exit": _test, "return": _test,
    "break": _test, "continue": _test, "sleep": _test, "wait": _test, "shift": _test, "for": _test, "select": _test,
    "]]": _test, "let": _test,
    "local": _exporting,
    "basename": reader("basename", known("a", "s"), operands="data"),
    "dirname": reader("dirname", _PLAIN, operands="data"),
    "realpath": reader("realpath", known("e m s", "--relative-to --relative-base")),
    "readlink": reader("readlink", known("f e m n")),
    "seq": reader("seq", known("w", "s f", numeric=True), operands="data"),
    "date": _date,
    "cal": reader("cal", _PLAIN, operands="data"),
    "uname": reader("uname", known("a s r m n v p o"), operands="data"),
    "whoami": reader("whoami", _PLAIN, operands="data"),
    "id": reader("id", known("u g n G"), operands="data"),
    "nproc": reader("nproc", _PLAIN, operands="data"),
    "arch": reader("arch", _PLAIN, operands="data"),
    "which": reader("which", known("a"), operands="data"),
    "type": reader("type", known("a t p P"), operands="data"),
    "whereis": reader("whereis", known("b m s"), operands="data"),
    "grep": reader("grep", _GREP, operands="pattern", reads=("f", "--file", "--exclude-from")),
    "egrep": reader("egrep", _GREP, operands="pattern"),
    "fgrep": reader("fgrep", _GREP, operands="pattern"),
    "rg": reader("rg", _RIPGREP, operands="pattern", runs=("--pre", "--hostname-bin")),
    "ag": reader("ag", known("i s w l c Q v", "A B C G --ignore"), operands="pattern"),
    "diff": reader(
        "diff",
        known("u r q b w B i N y a c s --brief --unified= --recursive --ignore-all-space --color= --new-file", "U C x"),
    ),
    "cmp": reader("cmp", known("l s b", "n i")),
    "md5sum": reader("md5sum", known("b t")),
    "sha1sum": reader("sha1sum", known("b t")),
    "sha256sum": reader("sha256sum", known("b t c --check")),
    "cksum": reader("cksum", _PLAIN),
    "find": _find,
    "cd": _change_folder,
    "pushd": _change_folder,
    "popd": _change_folder,
    "printenv": _environment,
    "set": _set,
    "declare": _exporting,
    "typeset": _exporting,
    "export": _exporting,
    "readonly": _exporting,
    "compgen": _environment,
}  # fmt: skip

READING: Final = _TABLE
"""The rule of each."""
