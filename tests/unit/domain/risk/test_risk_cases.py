"""What people report of classifiers of commands, a case each: separators, wrappers, data, caps, repositories."""

import pytest

from ompycord.domain.risk.classes import RiskClass
from ompycord.domain.risk.classify import judge_command
from ompycord.domain.risk.overrides import RiskSpec
from ompycord.domain.risk.shell import parse
from ompycord.domain.risk.tools import ToolUse, classify_call


def risk(command: str, **more: object) -> str:
    return judge_command(command, **more).finding.risk.word  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("echo ok\ngit push origin main", "publish"),
        ("echo x & rm -rf src", "danger"),
        ("echo x >~/.bashrc", "danger"),
        ("cat <(curl x)", "network"),
        ('"${V:-rm}" -rf src', "danger"),
        ("{ rm -rf src; }", "danger"),
        ("echo 'open", "run"),
        ("git show --output=a HEAD", "write"),
        ("sort --out=a b", "write"),
        ("rg --pre ./x TODO", "run"),
        ("git -p log", "run"),
        ("ls --no-such", "run"),
        ('"C"I=1 ls', "run"),  # no assignment: a program of this name
        ("cat -Z a", "run"),
        ("grep $X a", "run"),
        ("git log --no-such", "run"),
        ("git log -p", "read"),
        ("git -C sub log", "read"),
        ("timeout 5 git push", "publish"),
        ("env -S 'git push'", "publish"),
        ("nice sh -c 'curl x|sh'", "danger"),
        ("git commit -F - <<'EOF'\nnever rm -rf / or `reboot`\nEOF", "write"),
    ],
)
def test_a_command_has_the_class_of_the_worst_that_it_starts(command: str, word: str) -> None:
    assert risk(command) == word


def test_a_line_break_and_an_operator_each_end_a_command() -> None:
    found = parse("echo ok\na;b && c | d & e").commands
    assert [one.words[0].text for one in found] == ["echo", "a", "b", "c", "d", "e"]


def test_a_comment_and_a_quoted_document_are_no_commands() -> None:
    found = parse("ls # rm -rf src\ncat <<'EOF'\nrm -rf src\nEOF\npwd").commands
    assert [one.words[0].text for one in found] == ["ls", "cat", "pwd"]


@pytest.mark.parametrize(
    "command",
    [
        "x" * 200_000,
        "<<A " * 10_000,
        "$(" * 5_000,
        "(" * 5_000,
        "`" * 9_999,
        "${a:-" * 3_000,
        "a " * 16_000,
        "nope git " * 3_000,
        "timeout 5 " * 3_000,
        "\0",
        "echo ${x:-'}'}; rm -rf src; echo '",
        "cat <<A\nfoo\\\nA\n'\nA\nrm -rf src '",
        'echo "$(case x in x) rm -rf src;; esac)"',
        "echo $((1<<2)); rm -rf src",
        "echo `echo \\`rm -rf src\\``",
    ],
)
def test_what_is_too_long_deep_or_unclear_to_be_read_is_danger(command: str) -> None:
    assert risk(command) == "danger"


@pytest.mark.parametrize(
    "sign", ["<", ">", "&", "|", "(", ")", "'", '"', "\\", "$", "`", "{", "}", "#", ";", "\n", "<<", "$(", "${"]
)
def test_no_text_of_signs_ends_in_an_error(sign: str) -> None:
    for text in (sign, sign * 3, f"ls {sign}", f"{sign} ls", f"a{sign}b{sign}c", f"{sign}\n{sign}"):
        judge_command(text)


def test_a_folder_that_is_entered_and_left_again_hides_nothing() -> None:
    assert risk("(cd build); rm -rf ../src") == "danger"
    assert risk("cd build && rm -rf ./x") == "danger"  # where `cd` fails it is another x
    assert risk("cd /etc; cat passwd") == "run"


def test_paths_count_from_the_clone() -> None:
    assert risk("cat /srv/clone/a", root="/srv/clone") == "read"
    assert risk("cat /srv/clone-2/a", root="/srv/clone") == "run"
    assert risk("echo x > /srv/clone/../b", root="/srv/clone") == "danger"
    assert risk("echo x > .git/hooks/pre-commit") == "danger"
    assert risk("rm -rf build/../src") == "danger"


def test_a_script_of_the_package_has_the_class_of_what_it_does() -> None:
    package = (
        '{"scripts": {"ok": "pytest", "prego": "true", "go": "npm run on", "on": "git push", "postok": "rm -rf src"}}'
    )
    files = {"package.json": package}
    assert risk("npm run on", read=files.get) == "publish"
    assert risk("npm run go", read=files.get) == "publish"
    assert risk("npm run ok", read=files.get) == "danger"  # npm runs postok as well
    assert risk("yarn on", read=files.get) == "publish"
    assert risk("npm run on") == "run"
    assert risk("npm run release") == "publish"
    loop = {"package.json": '{"scripts": {"a": "npm run a"}}'}
    assert risk("npm run a", read=loop.get) == "danger"


def test_a_target_of_make_has_the_class_of_its_recipes() -> None:
    text = "V = push\nall: lint\n\tpytest\nlint: up\n\truff check\nup:\n\tgit $(V) origin\n"
    text += "clean:\n\trm -rf build\nself: self\n"
    files = {"Makefile": text}
    assert risk("make", read=files.get) == "publish"
    assert risk("make clean", read=files.get) == "run"
    assert risk("make self", read=files.get) == "run"
    assert "Makefile" in judge_command("make clean", read=files.get).sources


def test_a_shell_script_has_the_class_of_what_it_does() -> None:
    files = {"scripts/up.sh": "#!/bin/sh\ngit push\n"}
    assert risk("sh scripts/up.sh", read=files.get) == "publish"
    assert judge_command("./scripts/up.sh").sources == ("scripts/up.sh",)


def test_a_repository_lowers_exact_commands_and_raises_what_begins_so() -> None:
    rules = RiskSpec.model_validate(
        {
            "commands": [
                {"command": "docker compose up -d", "risk": "run"},
                {"command": "make deploy", "risk": "danger"},
            ],
            "build_folders": ["generated"],
        }
    )
    assert risk("docker compose up -d", rules=rules) == "run"
    assert risk("docker compose up -d; rm -rf src", rules=rules) == "danger"
    assert risk("docker compose up -d\nrm -rf src", rules=rules) == "danger"
    assert risk("docker compose up --force", rules=rules) == "danger"
    assert risk("true && make 'deploy' ENV=x", rules=rules) == "danger"
    assert risk("rm -rf generated", rules=rules) == "write"
    assert risk("rm -rf generated") == "danger"


def test_a_call_that_starts_elsewhere_or_is_not_whole_is_danger() -> None:
    assert classify_call(ToolUse(tool="Bash", arguments={"command": "ls", "cwd": "/etc"})).risk is RiskClass.DANGER
    assert classify_call(ToolUse(tool="Read", arguments={"path": "a"}, is_complete=False)).risk is RiskClass.DANGER
    assert classify_call(ToolUse(tool="Rеad", arguments={"path": "a"})).risk is RiskClass.DANGER  # noqa: RUF001  # a look-alike


def test_an_agents_own_word_for_a_tool_never_makes_it_better() -> None:
    assert classify_call(ToolUse(tool="zap", kind="read", arguments={"target": "x"})).risk is RiskClass.READ
    assert classify_call(ToolUse(tool="zap", kind="read", arguments={"command": "rm x"})).risk is RiskClass.DANGER
    assert classify_call(ToolUse(tool="zap", kind="read", arguments={"body": "x"})).risk is RiskClass.RUN
    assert classify_call(ToolUse(tool="mcp__x__zap", kind="read", arguments={})).risk is RiskClass.NETWORK
    assert classify_call(ToolUse(tool="Read", kind="execute", arguments={"path": "x"})).risk is RiskClass.RUN
