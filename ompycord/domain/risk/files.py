"""Programs that change files: where they write, copy, move and delete."""

from collections.abc import Mapping, Sequence
from typing import Final

from ompycord.domain.risk.classes import RiskClass, RiskFinding, worst
from ompycord.domain.risk.judging import Judging, Program, quoted
from ompycord.domain.risk.options import Known, known, read_options
from ompycord.domain.risk.shell import Word

__all__ = ["FILES"]

_COPYING: Final = known(
    "r R f i n v p a u d l L P H s x T --recursive --force --verbose --archive --no-clobber --update= --parents "
    "--preserve= --no-dereference --dereference -T",
    "t --target-directory",
)


def _writer(
    name: str, allowed_flags: str, valued: str = "", *, into: tuple[str, ...] = (), is_first_a_setting: bool = False
) -> Program:
    """A program whose operands are all written; the first is none where it says how. `into`: options of places."""
    allowed = known(allowed_flags, valued)

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        parsed = read_options(arguments, allowed)
        is_set = is_first_a_setting and parsed.unknown is None  # else an option may be the setting
        paths = [*(parsed.operands[1:] if is_set else parsed.operands), *parsed.values(*into)]
        found = [RiskFinding(RiskClass.WRITE, f"{quoted(name)} changes files"), *judging.all_of(judging.writes, paths)]
        if name in {"ln", "install"}:  # under another name it is no secret any more
            found.extend(judging.secrets(paths))
        if parsed.unknown is not None or parsed.unclear:
            found.append(RiskFinding(RiskClass.RUN, f"what {quoted(name)} does with its options is not known"))
        return worst(found)

    return judge


def _copy(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`cp`: reads all but the last, which it writes."""
    return _moved(judging, arguments, takes_away=False)


def _move(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`mv`: what it takes away is written, too."""
    return _moved(judging, arguments, takes_away=True)


def _moved(judging: Judging, arguments: Sequence[Word], *, takes_away: bool) -> RiskFinding:
    parsed = read_options(arguments, _COPYING)
    into = parsed.values("t", "--target-directory")
    sources = parsed.operands if into else parsed.operands[:-1]
    targets = into or parsed.operands[-1:]
    found = judging.all_of(judging.writes, targets)
    found += judging.all_of(judging.reads, sources)
    found += judging.all_of(judging.writes, sources if takes_away else [])
    if parsed.unknown is not None or parsed.unclear:
        found.append(
            RiskFinding(RiskClass.DANGER, f"what it does with {quoted(parsed.unknown or 'a variable')} is not known")
        )
    return worst([RiskFinding(RiskClass.WRITE, "it copies or moves files"), *found])


def _remove(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`rm`, `rmdir`, `unlink`, `shred`: every word that is no known option is deleted."""
    parsed = read_options(
        arguments, known("r R f i I v d p --recursive --force --verbose --dir --one-file-system --parents")
    )
    if parsed.unknown is not None or parsed.unclear or not parsed.operands:
        return RiskFinding(RiskClass.DANGER, "what it deletes is not known")
    return worst(judging.all_of(judging.deletes, parsed.operands))


def _tee(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    parsed = read_options(arguments, known("a i p --append --ignore-interrupts"))
    found = [RiskFinding(RiskClass.READ, "`tee` prints"), *judging.all_of(judging.writes, parsed.operands)]
    if parsed.unknown is not None or parsed.unclear:
        found.append(RiskFinding(RiskClass.DANGER, "where `tee` writes is not known"))
    return worst(found)


def _dd(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    found = [RiskFinding(RiskClass.RUN, "`dd` copies")]
    for word in arguments:
        name, _, value = word.text.partition("=")
        if name == "of" or not word.is_literal:
            found.append(judging.writes(Word(value, word.is_literal)))
        elif name == "if":
            found.append(judging.reads(Word(value, word.is_literal)))
    return worst(found)


_TAR: Final = known(
    "c x t r u v z j J a k m p --create --extract --list --verbose --gzip --bzip2 --xz --zstd --keep-old-files",
    "f C T X --file --directory --exclude --strip-components --files-from",
)


def _tar(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`tar`: it unpacks where it stands, and packs what may be secret."""
    first = arguments[:1]
    if first and first[0].is_plain and not first[0].text.startswith("-"):  # `xzf`, as it was written of old
        first = [Word(f"-{first[0].text}")]
    parsed = read_options([*first, *arguments[1:]], _TAR)
    if parsed.unknown is not None or parsed.unclear:
        return RiskFinding(RiskClass.DANGER, "it may start a program or write anywhere")
    files = [word for word in parsed.values("f", "--file") if word.text != "-"]
    folders = parsed.values("C", "--directory")
    read = judging.all_of(judging.reads, (*parsed.operands, *files))
    if not parsed.has("c", "x", "r", "u", "--create", "--extract"):
        return worst([RiskFinding(RiskClass.READ, "it lists an archive"), *read])
    written = judging.all_of(judging.writes, (*parsed.operands, *files, *folders, Word(".")))
    return worst([RiskFinding(RiskClass.WRITE, "it packs or unpacks files"), *read, *written])


def _zip(allowed: Known) -> Program:
    """`zip`, `unzip`: what they name is read or written."""

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        parsed = read_options(arguments, allowed)
        if parsed.unknown is not None or parsed.unclear:
            return RiskFinding(RiskClass.DANGER, "it may start a program or write anywhere")
        read = judging.all_of(judging.reads, parsed.operands)
        if parsed.has("l"):
            return worst([RiskFinding(RiskClass.READ, "it lists an archive"), *read])
        written = judging.all_of(judging.writes, (*parsed.operands, *parsed.values("d"), Word(".")))
        return worst([RiskFinding(RiskClass.WRITE, "it packs or unpacks files"), *read, *written])

    return judge


FILES: Final[Mapping[str, Program]] = {
    "touch": _writer("touch", "a c m h --no-create", "t d r --date --reference"),
    "mkdir": _writer("mkdir", "p v --parents --verbose", "m --mode"),
    "chmod": _writer("chmod", "R v f c --recursive --verbose", is_first_a_setting=True),
    "truncate": _writer("truncate", "c --no-create", "s --size"),
    "ln": _writer("ln", "s f v n r T --symbolic --force --relative", "t", into=("t",)),
    "install": _writer("install", "d D v c", "m o g t --mode", into=("t",)),
    "split": _writer("split", "d", "l b n a"),
    "patch": _writer(
        "patch", "R s N f E --dry-run --reverse --forward --batch", "p i d o --strip --input", into=("d", "o")
    ),
    "cp": _copy,
    "mv": _move,
    "rm": _remove,
    "rmdir": _remove,
    "unlink": _remove,
    "shred": _remove,
    "tee": _tee,
    "dd": _dd,
    "tar": _tar,
    "unzip": _zip(known("o n q j a l v t Z p c", "d x P")),
    "zip": _zip(known("r q j y u f g e v 0 1 9", "x i")),
    "gzip": _writer("gzip", "d k f v 9 1 c --decompress --keep", ""),
    "gunzip": _writer("gunzip", "k f v c", ""),
}
"""The rule of each."""
