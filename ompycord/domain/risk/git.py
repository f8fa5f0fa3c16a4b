"""What git does by its subcommand and options: reads, changes the clone, reaches out, publishes, or destroys."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ompycord.domain.risk.classes import NOTHING, RiskClass, RiskFinding, worst
from ompycord.domain.risk.judging import Judging, quoted
from ompycord.domain.risk.options import Known, known, read_options
from ompycord.domain.risk.paths import PathPlace, is_secret
from ompycord.domain.risk.reading import beyond
from ompycord.domain.risk.shell import Word

__all__ = ["git"]

_GLOBAL: Final = known("--no-pager --no-optional-locks --literal-pathspecs --version --help", "C", early=True)
_SAFE_SETTINGS: Final = (
    "color.", "core.quotepath", "user.name", "user.email", "advice.", "log.", "diff.context", "init.defaultbranch",
    "commit.gpgsign", "tag.gpgsign", "core.autocrlf", "column.", "safe.directory",
)  # fmt: skip
"""Settings of git that start no program."""

_COMMON: Final = (
    "p u q s z v w b a c --patch --stat= --shortstat --numstat --name-only --name-status --oneline --graph --decorate= "
    "--all --no-merges --merges --first-parent --reverse --follow --cached --staged --no-color --color= --word-diff= "
    "--summary --raw --no-patch --abbrev-commit --no-ext-diff --no-textconv --minimal --patience --histogram "
    "--full-index "
    "--binary --ignore-all-space --ignore-space-change --ignore-blank-lines --merge-base --no-renames --find-renames= "
    "--find-copies= --exit-code --quiet --compact-summary --dirstat= --no-decorate --branches= --tags= --remotes= "
    "--left-right --cherry-pick --topo-order --date-order --parents --children --source --function-context --root "
    "--no-abbrev-commit --relative= --text --no-prefix --show-signature --walk-reflogs --name-rev --check --cc "
    "--no-notes"
)
_COMMON_VALUED: Final = (
    "n U G S L M C --max-count --skip --since --after --until --before --author --committer --grep --format --pretty "
    "--date --unified --diff-filter --abbrev --diff-algorithm --inter-hunk-context -L"
)
_LOG: Final = known(_COMMON, _COMMON_VALUED, numeric=True)

_READING: Final[Mapping[str, Known]] = {
    "log": _LOG,
    "show": _LOG,
    "diff": _LOG,
    "whatchanged": _LOG,
    "status": known(
        "s b u v z --short --branch --porcelain= --long --show-stash --ignored= --untracked-files= --no-renames "
        "--ahead-behind",
        "",
    ),
    "blame": known("l t s w e f n M C p --porcelain --line-porcelain --show-email --root", "L --since --date -L"),
    "ls-files": known(
        "c d m o i s u z t v k --cached --deleted --modified --others --ignored --stage --exclude-standard --full-name "
        "--error-unmatch --recurse-submodules",
        "x X --exclude --exclude-from --format",
    ),
    "ls-tree": known("d r t l z --name-only --name-status --full-name --full-tree --long --object-only", "--format"),
    "rev-parse": known(
        "q --abbrev-ref= --short= --verify --show-toplevel --git-dir --is-inside-work-tree --quiet "
        "--symbolic-full-name "
        "--all --branches --show-prefix --absolute-git-dir --git-common-dir --is-bare-repository --show-cdup"
    ),
    "describe": known("--tags --always --all --long --dirty= --contains --exact-match", "--match --abbrev --exclude"),
    "shortlog": known("s n e c --summary --numbered --email", "--group --since --until --format", numeric=True),
    "cat-file": known("p t s e --batch-check"),
    "merge-base": known("a --all --is-ancestor --fork-point --octopus"),
    "name-rev": known("--name-only --tags --always"),
    "rev-list": _LOG,
    "show-ref": known("d s q --heads --tags --verify --hash= --head"),
    "for-each-ref": known("", "--format --sort --count --contains --merged --no-merged --points-at"),
    "count-objects": known("v H"),
    "check-ignore": known("v q n --verbose --no-index"),
    "grep": known(
        "i v w l L n c h H E F P q e --ignore-case --line-number --count --files-with-matches --name-only --cached "
        "--untracked --fixed-strings --extended-regexp --perl-regexp --word-regexp --break --heading -p",
        "e f A B C --context --max-depth",
    ),
    "version": known("--build-options"),
    "diff-tree": _LOG,
    "diff-index": _LOG,
    "diff-files": _LOG,
    "range-diff": _LOG,
    "cherry": known("v"),
    "var": known("l"),
}
_CHANGING: Final = frozenset(
    {
        *("add", "commit", "mv", "merge", "cherry-pick", "revert", "apply", "am", "restore", "checkout"),
        *("switch", "reset", "stash", "tag", "branch", "init", "notes", "rebase", "sparse-checkout"),
        *("update-index", "write-tree", "commit-tree", "read-tree", "rerere", "mergetool", "bisect"),
        *("worktree",),
    }
)
_REACHING: Final = frozenset(
    ["clone", "fetch", "pull", "ls-remote", "submodule", "lfs", "fetch-pack", "archive-remote"]
)
_DESTROYING: Final = frozenset(
    ["clean", "rm", "gc", "prune", "filter-branch", "filter-repo", "update-ref", "replace", "reflog-expire"]
)
_FORCING: Final = (
    *("-f", "--force", "-d", "--delete", "--mirror", "--prune", "--force-with-lease", "--force-if-includes"),
)
_PUSH: Final = known(
    "u q v n f d --set-upstream --tags --follow-tags --force --force-with-lease= --force-if-includes --delete --mirror "
    "--prune --all --dry-run --quiet --verbose --no-verify --verify --porcelain --atomic --progress --branches",
    "o --push-option",
)


def git(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """The rule of `git`."""
    parsed = read_options(arguments, _GLOBAL)
    before: list[RiskFinding] = [_of_folder(judging, word) for word in parsed.values("C")]
    rest = parsed.operands
    if parsed.unknown is not None or parsed.unclear:
        before, rest = _odd_start(judging, arguments)
    if not rest:
        return worst(before)
    name = rest[0]
    if not name.is_plain or not name.text.isascii():
        return RiskFinding(RiskClass.DANGER, "which command of git it is cannot be read for certain")
    finding = _subcommand(judging, name.text.casefold(), rest[1:])
    return worst([finding, *before])


def _odd_start(judging: Judging, arguments: Sequence[Word]) -> tuple[list[RiskFinding], list[Word]]:
    """Options before the subcommand that are not merely where it works: some start programs."""
    found: list[RiskFinding] = []
    index = 0
    while index < len(arguments) and arguments[index].text.startswith(("-", "\0")):
        word = arguments[index]
        value = arguments[index + 1] if index + 1 < len(arguments) else None
        index += 1
        if word.text == "-c" and value is not None:
            found.append(_setting(judging, value.text) if value.is_literal else _UNKNOWN_SETTING)
            index += 1
        elif word.text == "-C" and value is not None:
            found.append(_of_folder(judging, value))
            index += 1
        elif word.text not in _GLOBAL.flags or not word.is_plain:
            name, equals, place = word.text.partition("=")
            found.append(RiskFinding(RiskClass.RUN, f"{quoted(word.text)} may start a program"))
            if name in {"--config-env", "--exec-path"}:
                found.append(_UNKNOWN_SETTING)
            if name in {"--git-dir", "--work-tree"} and (equals or value is not None):
                _work_in(judging, Word(place, word.is_literal, word.has_pattern) if equals or value is None else value)
            index += word.text in {"--git-dir", "--work-tree", "--namespace", "--exec-path", "--super-prefix"}
    if any(not word.is_literal and word.is_bare for word in arguments[:index]):
        found.append(_UNKNOWN_SETTING)
    return found, list(arguments[index:])


_UNKNOWN_SETTING: Final = RiskFinding(RiskClass.DANGER, "which setting of git it changes is known to the shell alone")


def _of_folder(judging: Judging, word: Word) -> RiskFinding:
    found = judging.reads(word)
    judging.where.enter(word)
    return found


def _work_in(judging: Judging, word: Word) -> None:
    """Another clone's folder: what git changes from now on is not this one's."""
    if judging.where.place(word, names_secrets=False) >= PathPlace.UNKNOWN:
        judging.where.is_lost = True


def _setting(judging: Judging, text: str) -> RiskFinding:
    """`-c name=value`: a program may stand in it."""
    name, _, value = text.partition("=")
    if name.casefold().startswith(_SAFE_SETTINGS) or (name.casefold() == "core.pager" and value in {"cat", ""}):
        return NOTHING
    return RiskFinding(RiskClass.DANGER, f"the setting {quoted(name)} of git may start a program")


def _subcommand(judging: Judging, name: str, arguments: list[Word]) -> RiskFinding:
    shown = quoted(f"git {name}")
    if name in _SPECIAL:
        return _SPECIAL[name](judging, arguments)
    if name in _READING:
        return _reads(judging, name, arguments)
    if name in _DESTROYING:
        return RiskFinding(RiskClass.DANGER, f"{shown} deletes what cannot be brought back")
    if name in _REACHING:
        return _reaches(judging, name, arguments)
    if name in _CHANGING:
        return _changes(judging, name, arguments)
    return RiskFinding(RiskClass.DANGER, f"{shown} is an alias or a command that nothing is known of")


def _reads(judging: Judging, name: str, arguments: list[Word]) -> RiskFinding:
    shown = f"git {name}"
    paths: list[RiskFinding] = []
    operands = [word for word in arguments if not word.text.startswith("-")]
    if name == "diff":  # with a path outside the clone, it compares files as with `--no-index`
        arguments = [word for word in arguments if word.text != "--no-index"]
        paths = [judging.reads(word) for word in operands if "{" not in word.text]
    for word in operands:
        if is_secret(word.text.rpartition(":")[2]):
            paths.append(RiskFinding(RiskClass.SECRET, f"{quoted(word.text)} is the name of a secret"))
    if any(not word.is_literal and word.has_pattern for word in arguments):
        paths.append(RiskFinding(RiskClass.DANGER, f"the shell may give {quoted(shown)} an option that writes"))
    parsed = read_options(arguments, _READING[name])
    if name == "grep" and parsed.unknown is not None and ("O" in parsed.unknown or parsed.unknown.startswith("--op")):
        paths.append(RiskFinding(RiskClass.DANGER, f"{quoted(parsed.unknown)} starts a program"))
    found = [RiskFinding(RiskClass.READ, f"{quoted(shown)} only reads"), *paths]
    if parsed.unknown is not None and len(parsed.unknown) > 4 and "--output".startswith(parsed.unknown):  # noqa: PLR2004
        value = parsed.unknown_value
        found.append(judging.writes(Word(value) if value is not None else Word("\0", is_literal=False)))
    else:
        found.extend(beyond(shown, parsed))
    return worst(found)


def _reaches(judging: Judging, name: str, arguments: list[Word]) -> RiskFinding:
    found = [RiskFinding(RiskClass.NETWORK, f"{quoted(f'git {name}')} reaches out")]
    for index, word in enumerate(arguments):
        if not word.is_literal or word.text.startswith(
            ("--upl", "--receive-pack", "-u", "--exec", "-c", "--conf", "--separate", "ext:")
        ):
            found.append(RiskFinding(RiskClass.DANGER, f"{quoted(word.text)} may start a program"))
        elif name == "lfs" and word.text == "push":
            found.append(RiskFinding(RiskClass.PUBLISH, "`git lfs push` publishes"))
        elif name == "submodule" and word.text == "foreach":
            found.append(judging.script(" ".join(one.text for one in arguments[index + 1 :])))
    if name == "clone":
        operands = [word for word in arguments if not word.text.startswith("-")]
        found.extend(judging.writes(word) for word in operands[1:])
    if name in {"clone", "pull", "submodule"}:
        found.append(judging.writes(Word(".")))
    return worst(found)


_DROPPING: Final[Mapping[str, frozenset[str]]] = {
    "reset": frozenset({"--hard", "--merge", "--keep"}),
    "checkout": frozenset({"-f", "--force", "-B"}),
    "switch": frozenset({"-f", "--force", "--discard-changes", "-C"}),
    "branch": frozenset({"-D", "-d", "--delete", "-f", "--force", "-M"}),
    "tag": frozenset({"-d", "--delete", "-f", "--force"}),
    "stash": frozenset({"drop", "clear"}),
    "worktree": frozenset({"remove", "prune", "--force"}),
    "notes": frozenset({"remove", "prune"}),
    "apply": frozenset({"--unsafe-paths"}),
}
"""Words with which a command of git drops what there was."""
_STARTING: Final = ("-x", "--exec", "--gpg-sign", "-S", "--edit-todo", "--extcmd", "--tool")


def _changes(judging: Judging, name: str, arguments: list[Word]) -> RiskFinding:
    shown = quoted(f"git {name}")
    if name in _LISTING and (arguments or name != "stash") and all(word.text in _LISTING[name] for word in arguments):
        return RiskFinding(RiskClass.READ, f"{shown} only lists")
    found = [RiskFinding(RiskClass.WRITE, f"{shown} changes the clone"), judging.writes(Word("."))]
    found.extend(_put_back(name, arguments, shown))
    message = False
    dropping = _DROPPING.get(name, frozenset())
    for index, word in enumerate(arguments):
        if message:
            message = False
            if word.is_literal or not word.is_bare:
                continue
        message = name in {"commit", "tag", "merge", "stash", "notes"} and word.text in {"-m", "--message", "-am", "-F"}
        if word.text in dropping or _is_bundle_of(word.text, dropping) or _is_abbreviation_of(word.text, dropping):
            found.append(RiskFinding(RiskClass.DANGER, f"{shown} with {quoted(word.text)} drops what there was"))
        elif name == "bisect" and word.text == "run":
            found.append(judging.run(arguments[index + 1 :]).at_least(RiskClass.RUN, f"{shown} starts a program"))
            break
        elif name == "rebase" and word.text in {"-x", "--exec"}:
            found.extend(judging.script_word(one) for one in arguments[index + 1 : index + 2])
        elif name == "rebase" and word.text.startswith(("-x", "--exec=")):
            text = word.text.removeprefix("-x").removeprefix("--exec=")
            found.append(judging.script_word(Word(text, word.is_literal)).at_least(RiskClass.RUN, "it runs a command"))
        elif word.text.startswith(_STARTING) and name in {"rebase", "mergetool", "commit", "am", "cherry-pick"}:
            found.append(RiskFinding(RiskClass.RUN, f"{quoted(word.text)} may start a program"))
        elif not word.is_literal and word.is_bare:
            found.append(RiskFinding(RiskClass.DANGER, f"a part of what {shown} gets is known to the shell alone"))
        elif name in {"worktree", "init"} and not word.text.startswith("-") and index > (name == "worktree") - 1:
            found.append(judging.writes(word) if word.text not in {"add", "list", "move"} else NOTHING)
    return worst(found)


def _put_back(name: str, arguments: list[Word], shown: str) -> list[RiskFinding]:
    why = f"{shown} throws away what was not committed"
    return [RiskFinding(RiskClass.DANGER, why)] if _puts_back(name, arguments) else []


def _puts_back(name: str, arguments: list[Word]) -> bool:
    """Whether it puts files back to how they were, so that what was changed in them since is lost."""
    texts = [word.text for word in arguments]
    paths = [text for text in texts if not text.startswith("-")]
    if name == "restore":
        staged, both = {"-S", "--staged"}, {"-W", "--worktree", "-SW", "-WS"}
        return bool(paths) and (not staged.intersection(texts) or bool(both.intersection(texts)))
    if name != "checkout" or _NEW_BRANCH.intersection(texts):
        return False
    behind = texts[texts.index("--") + 1 :] if "--" in texts else []
    return bool(behind) or len(paths) > 1 or any(path in {".", ":/", "*"} or path.startswith("./") for path in paths)


_NEW_BRANCH: Final = frozenset({"-b", "--orphan", "-t", "--track"})


def _is_bundle_of(text: str, letters: frozenset[str]) -> bool:
    """Whether one of these short options is among those that stand in one word."""
    is_bundle = len(text) > 2 and text.startswith("-") and not text.startswith("--")  # noqa: PLR2004  # `-x` is one
    return is_bundle and any(len(one) == 2 and one[1] in text[1:] for one in letters if one.startswith("-"))  # noqa: PLR2004


def _is_abbreviation_of(text: str, words: frozenset[str]) -> bool:
    """Whether git takes it for the beginning of one of these options."""
    return len(text) > 2 and text.startswith("--") and any(one.startswith(text) for one in words)  # noqa: PLR2004  # `--`


_LISTING: Final[Mapping[str, frozenset[str]]] = {
    "branch": frozenset({"-a", "-v", "-vv", "-r", "--all", "--list", "--show-current", "--no-color", "--remotes"}),
    "tag": frozenset({"-l", "--list", "-n"}),
    "stash": frozenset({"list", "show", "-p"}),
    "worktree": frozenset({"list", "--porcelain"}),
    "bisect": frozenset({"log"}),
    "notes": frozenset({"list"}),
}
"""Words with which it only lists; none at all too."""


def _push(judging: Judging, arguments: list[Word]) -> RiskFinding:
    parsed = read_options(arguments, _PUSH)
    if parsed.unknown is not None or parsed.unclear:
        return RiskFinding(
            RiskClass.DANGER, f"what `git push` does with {quoted(parsed.unknown or 'a variable')} is unknown"
        )
    forced = [word for word in parsed.operands if word.text.startswith(("+", ":")) or not word.is_plain]
    names = {name if name.startswith("--") else f"-{name}" for name, _ in parsed.options}
    if forced or not names.isdisjoint(_FORCING):
        return RiskFinding(RiskClass.DANGER, "it deletes or overwrites what others have")
    if any(word.text.startswith("ext::") for word in parsed.operands):
        return RiskFinding(RiskClass.DANGER, "its address starts a program")
    return RiskFinding(RiskClass.PUBLISH, "`git push` publishes")


def _config(judging: Judging, arguments: list[Word]) -> RiskFinding:
    texts = [word.text for word in arguments]
    if texts[:1] in (["--get"], ["--get-all"], ["--list"], ["-l"], ["get"], ["list"]):
        if any(part in text.casefold() for text in texts for part in ("extraheader", "credential", "token", "passw")):
            return _secret(judging, arguments)
        return RiskFinding(RiskClass.READ, "`git config` only reads")
    if any(not word.is_literal for word in arguments) or any(
        text.startswith("-") and text not in _CONFIG_HERE for text in texts
    ):
        return RiskFinding(RiskClass.DANGER, "`git config` writes outside the clone or what is not known")
    names = [text for text in texts if not text.startswith("-") and text not in {"set", "unset"}]
    if len(names) == 1 and len(texts) == 1:
        return RiskFinding(RiskClass.READ, "`git config` only reads")
    return _setting(judging, f"{names[0] if names else ''}=").at_least(
        RiskClass.WRITE, "`git config` changes the clone"
    )


_CONFIG_HERE: Final = frozenset(
    {"--local", "--add", "--unset", "--unset-all", "--replace-all", "--bool", "--int", "--path", "--get-regexp"}
)
"""Options with which it stays in the clone."""


def _remote(judging: Judging, arguments: list[Word]) -> RiskFinding:
    texts = [word.text for word in arguments]
    if not texts or texts in (["-v"], ["--verbose"], ["show"]) or texts[:1] == ["get-url"]:
        return RiskFinding(RiskClass.READ, "`git remote` only lists")
    if texts[0] in {"show", "update", "prune", "set-head"} or "-f" in texts:
        return RiskFinding(RiskClass.NETWORK, "`git remote` reaches out")
    if any("ext::" in text for text in texts):
        return RiskFinding(RiskClass.DANGER, "its address starts a program")
    return RiskFinding(RiskClass.PUBLISH, "it changes where this clone is pushed to")


def _written(judging: Judging, arguments: list[Word]) -> RiskFinding:
    """`archive`, `bundle`, `format-patch`: they write a file."""
    found = [RiskFinding(RiskClass.WRITE, "it writes files of the clone's history")]
    for index, word in enumerate(arguments):
        if word.text in {"-o", "--output", "--output-directory", "create"}:
            found.extend(judging.writes(one) for one in arguments[index + 1 : index + 2])
        elif word.text.startswith(("--output=", "--output-directory=")):
            found.append(judging.writes(Word(word.text.partition("=")[2], word.is_literal)))
        elif word.text.startswith(("--rem", "--exe", "-o", "--o", "--to", "--attach")):
            found.append(RiskFinding(RiskClass.DANGER, f"{quoted(word.text)} may start a program or reach out"))
    return worst(found)


def _secret(judging: Judging, arguments: list[Word]) -> RiskFinding:
    return RiskFinding(RiskClass.SECRET, "it shows what git knows of logins")


def _reflog(judging: Judging, arguments: list[Word]) -> RiskFinding:
    if any(word.text in {"expire", "delete", "drop"} or not word.is_plain for word in arguments[:1]):
        return RiskFinding(RiskClass.DANGER, "it deletes what cannot be brought back")
    return RiskFinding(RiskClass.READ, "`git reflog` only reads")


_SPECIAL: Final[Mapping[str, Callable[[Judging, list[Word]], RiskFinding]]] = {
    "push": _push,
    "config": _config,
    "remote": _remote,
    "archive": _written,
    "bundle": _written,
    "format-patch": _written,
    "credential": _secret,
    "reflog": _reflog,
}
