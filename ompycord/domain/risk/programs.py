"""The rule of every program that is known, by its name: package managers, the network, hosts, databases and clouds."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from ompycord.domain.risk.classes import RiskClass, RiskFinding, worst
from ompycord.domain.risk.code import of_code
from ompycord.domain.risk.files import FILES
from ompycord.domain.risk.filters import FILTERS
from ompycord.domain.risk.git import git
from ompycord.domain.risk.judging import Judging, Program, quoted
from ompycord.domain.risk.options import Parsed, known, read_options
from ompycord.domain.risk.packages import PACKAGES, by_subcommand, runner_of
from ompycord.domain.risk.reading import READING
from ompycord.domain.risk.shell import Word
from ompycord.domain.risk.tasks import TASKS, named_task
from ompycord.domain.risk.wrappers import WRAPPERS

__all__ = ["PROGRAMS"]

_Classes = Mapping[str, RiskClass]


def _always(risk: RiskClass, why: str) -> Callable[[str], Program]:
    def of(name: str) -> Program:
        finding = RiskFinding(risk, f"{quoted(name)} {why}")

        def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
            found = [finding, *judging.secrets(arguments)]
            for index, word in enumerate(arguments[:-1]):
                if word.text in _STARTERS and risk < RiskClass.DANGER:  # `mise exec -- …`, `nix-shell --run …`
                    inner = judging.run(arguments[index + 1 :])
                    found.extend((inner, named_task(name, arguments[index + 1])))
            return worst(found)

        return judge

    return of


_STARTERS: Final = frozenset({"run", "exec", "--", "--run", "--command", "script"})
"""Words of programs behind which a command or a task stands."""


def _all(names: str, of: Callable[[str], Program]) -> dict[str, Program]:
    return {name: of(name) for name in names.split()}


def _fetched(
    name: str, judging: Judging, arguments: Sequence[Word], parsed: Parsed, stored: Sequence[Word]
) -> RiskFinding:
    """A program that fetches: worse by what it stores, by options that may send, and by what only the shell knows."""
    found = [RiskFinding(RiskClass.NETWORK, f"{quoted(name)} reaches out"), *judging.all_of(judging.writes, stored)]
    local = [Word(word.text[7:], word.is_literal) for word in parsed.operands if word.text.startswith("file://")]
    found.extend(judging.all_of(judging.reads, local))
    sent = parsed.values("H", "--header", "b")
    if any(word.text.startswith("@") or (word.text and "=" not in word.text and ":" not in word.text) for word in sent):
        found.append(RiskFinding(RiskClass.PUBLISH, f"{quoted(name)} sends a file"))
    if parsed.unknown is not None:
        found.append(RiskFinding(RiskClass.PUBLISH, f"{quoted(name)} may send something: {quoted(parsed.unknown)}"))
    if any(not word.is_literal for word in arguments):
        found.append(RiskFinding(RiskClass.SECRET, "what it sends is known to the shell alone"))
    return worst(found)


def _curl(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`curl`: fetches; what it sends or stores makes it worse."""
    parsed = read_options(
        arguments,
        known(
            "s S L f k v i I g O J N 4 6 --silent --show-error --location --fail --fail-with-body --insecure --verbose "
            "--include --head --compressed --remote-name --no-buffer --ipv4 --ipv6 --http1.1 --http2 --globoff "
            "--retry-all-errors",
            "o H A m w e r b c D --dump-header --cookie-jar --stderr "
            "--output --header --user-agent --max-time --connect-timeout --retry --retry-delay "
            "--write-out --referer --range --url --output-dir --max-redirs --retry-max-time",
        ),
    )
    stored = parsed.values("o", "--output", "--output-dir", "c", "D", "--dump-header", "--cookie-jar", "--stderr")
    here = [Word(".")] if parsed.has("O", "J", "--remote-name") else []
    return _fetched("curl", judging, arguments, parsed, [*(one for one in stored if one.text != "-"), *here])


def _wget(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    parsed = read_options(
        arguments,
        known(
            "q v c N S r l n d H k p E m --quiet --continue --server-response --spider --no-verbose "
            "--no-check-certificate "
            "--recursive --timestamping --content-disposition",
            "O P T t U l o a --output-file --append-output "
            "--output-document --directory-prefix --timeout --tries --user-agent --header --level",
        ),
    )
    names = ("O", "P", "o", "a", "--output-document", "--directory-prefix", "--output-file", "--append-output")
    stored = [one for one in parsed.values(*names) if one.text != "-"]
    return _fetched("wget", judging, arguments, parsed, [*stored, Word(".")])


def _forge(name: str) -> Program:
    """`gh`, `glab`: by the verb; whatever changes something there publishes."""
    reading = frozenset(["view", "list", "ls", "diff", "status", "checks", "search", "browse", "download", "watch"])
    deleting = frozenset(["delete", "rm", "remove", "archive", "transfer", "lock", "disable"])

    def judge(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
        arguments = _without(arguments, ("-R", "--repo", "--hostname"))
        words = [word.text.casefold() for word in arguments if not word.text.startswith("-")]
        if any(not word.is_plain for word in arguments[:2]) or not words:
            return RiskFinding(RiskClass.DANGER, f"which command of {quoted(name)} it is cannot be read for certain")
        verb = words[1] if len(words) > 1 else words[0]
        if words[0] == "api":
            return _api(arguments)
        if words[0] in {"auth", "secret", "variable", "ssh-key", "gpg-key"}:
            is_shown = words[0] == "auth" and verb in {"token", "status"}
            return RiskFinding(
                RiskClass.SECRET if is_shown else RiskClass.DANGER, f"{quoted(name)} handles logins or secrets"
            )
        if verb in deleting:
            return RiskFinding(RiskClass.DANGER, f"{quoted(f'{name} {words[0]} {verb}')} deletes outside")
        folders = [b for a, b in pairwise(arguments) if a.text in {"-D", "-O", "--dir", "--output"}]
        attached = [Word(one.text[2:]) for one in arguments if one.text.startswith(("-D", "-O")) and len(one.text) > 2]  # noqa: PLR2004  # `-D`
        stored = judging.all_of(judging.writes, [*folders, *attached])
        if stored and worst(stored).risk > RiskClass.WRITE:
            return worst(stored)
        if verb in reading or words[0] in {"status", "search", "browse", "help", "version"}:
            return RiskFinding(RiskClass.NETWORK, f"{quoted(name)} reaches out")
        if (words[0], verb) in {("repo", "clone"), ("pr", "checkout"), ("mr", "checkout")}:
            return RiskFinding(RiskClass.NETWORK, f"{quoted(name)} reaches out")
        return RiskFinding(RiskClass.PUBLISH, f"{quoted(f'{name} {words[0]} {verb}')} changes what others see")

    return judge


def _without(arguments: Sequence[Word], valued: tuple[str, ...]) -> list[Word]:
    """The words without these options and their values."""
    kept, skip = list[Word](), False
    for word in arguments:
        if not skip and word.text not in valued:
            kept.append(word)
        skip = not skip and word.text in valued
    return kept


def _api(arguments: Sequence[Word]) -> RiskFinding:
    texts = [word.text for word in arguments]
    if any(not word.is_literal for word in arguments) or any("delete" in text.casefold() for text in texts):
        return RiskFinding(RiskClass.DANGER, "it may delete outside")
    sends = ("-f", "-F", "-X", "--method", "--field", "--raw-field", "--input")
    if any(text.startswith(sends) for text in texts) or "graphql" in texts:
        return RiskFinding(RiskClass.PUBLISH, "it may change what others see")
    return RiskFinding(RiskClass.NETWORK, "it asks the forge's interface")


def _deno(judging: Judging, arguments: Sequence[Word]) -> RiskFinding:
    """`deno`: `eval` gets code."""
    found = [_DENO(judging, arguments)]
    if any(word.text == "eval" for word in arguments):
        found.append(of_code("deno", " ".join(word.text for word in arguments)))
        found.extend(_HIDDEN for word in arguments if not word.is_literal)
    return worst(found)


_HIDDEN: Final = RiskFinding(RiskClass.DANGER, "a part of the code is known to the shell alone")
_DENO: Final = by_subcommand(
    "deno", "run: test lint fmt check\nnetwork: run install add\npublish: publish", RiskClass.NETWORK
)
_PIP: Final = by_subcommand(
    "pip",
    """
    read: list show freeze check inspect help
    run: wheel cache hash debug completion
    network: install download uninstall index search
    secret: config
    """,
    RiskClass.NETWORK,
)
_UV: Final = by_subcommand(
    "uv",
    """
    read: tree version help
    run: build venv cache format
    network: sync lock add remove pip tool python export init self
    publish: publish
    secret: auth
    """,
    RiskClass.NETWORK,
)
_POETRY: Final = by_subcommand(
    "poetry",
    """
    read: show check version env about list
    run: build shell
    network: install add remove update lock self source new init export
    publish: publish
    secret: config
    """,
    RiskClass.NETWORK,
)
_CARGO: Final = by_subcommand(
    "cargo",
    """
    read: tree metadata version help locate-project pkgid
    write: fmt
    run: build b check c test t run r bench doc d clippy fix clean nextest expand miri
    network: install add update fetch search generate-lockfile vendor audit remove
    publish: publish owner login logout yank
    """,
    RiskClass.RUN,
)
_GO: Final = by_subcommand(
    "go",
    """
    read: version env list doc help
    write: fmt
    run: build test vet run generate tool clean fix telemetry work
    network: get install mod
    """,
    RiskClass.RUN,
)
_DOCKER: Final = by_subcommand(
    "docker",
    """
    run: ps images logs inspect version info stats top port diff history events
    publish: push login logout
    """,
    RiskClass.DANGER,
)
_GEM: Final = by_subcommand(
    "gem", "read: list which environment\npublish: push yank owner signin\nrun: build", RiskClass.NETWORK
)
_BUNDLE: Final = by_subcommand("bundle", "read: list show check info\nrun: binstubs\n", RiskClass.NETWORK)
_TWINE: Final = by_subcommand("twine", "run: check", RiskClass.PUBLISH)

_REACHING: Final = (
    "ping ping6 nslookup dig host traceroute tracepath mtr whois nc ncat netcat socat telnet ftp lftp nmap http https "
    "httpie aria2c axel apt apt-get aptitude dnf yum zypper apk pacman brew port snap flatpak nix nix-env nix-shell "
    "choco winget scoop conda mamba micromamba pipx pipenv composer cpan cpanm luarocks rustup nvm fnm volta asdf mise "
    "pyenv rbenv sdk playwright puppeteer youtube-dl yt-dlp svn hg cvs dotnet nuget mix hex rebar3 stack cabal opam "
    "corepack pre-commit huggingface-cli ollama wscat websocat"
)
_SECRETS: Final = (
    "pass op vault security gpg gpg2 ssh-add ssh-agent keyctl secret-tool aws-vault bw lpass sops age doppler chamber "
    "history env-dump lsof"
)
_DANGERS: Final = (
    "ssh scp sftp rsync mosh kubectl helm terraform tofu terragrunt pulumi aws gcloud gsutil bq az doctl heroku fly "
    "flyctl "
    "vercel netlify wrangler serverless sls ansible ansible-playbook eksctl s3cmd s3 rclone oc cdk sam amplify "
    "firebase "
    "supabase railway render psql pg_dump pg_restore pg_dumpall dropdb createdb dropuser createuser mysql mysqladmin "
    "mysqldump "
    "mariadb sqlite3 sqlite duckdb mongo mongosh mongodump mongorestore redis-cli clickhouse-client cqlsh influx "
    "etcdctl consul nomad sqlcmd sqlplus snowsql shutdown reboot halt poweroff mkfs mount umount fdisk parted wipefs "
    "systemctl service launchctl crontab at batch useradd userdel usermod groupadd passwd chpasswd visudo chown "
    "chgrp chattr "
    "iptables nft ufw sysctl modprobe insmod rmmod ip ifconfig route nsenter unshare chroot lxc virsh qemu-img podman "
    "nerdctl buildah docker-compose minikube kind k3s skaffold tilt expect script screen tmux gdb strace ltrace ptrace "
    "mail sendmail mutt swaks tasksel update-alternatives dpkg rpm loginctl hostnamectl timedatectl setcap"
)
_RUNNING: Final = (
    "pytest unittest nose2 mypy pyright ruff black isort flake8 pylint bandit coverage tsc eslint prettier jest vitest "
    "mocha ava biome gcc g++ clang clang++ cc javac java kotlinc scalac rustc rustfmt ctest gofmt golangci-lint "
    "shellcheck hadolint rubocop rspec phpunit phpstan swift swiftc xcodebuild dart flutter elixir iex ghc kill "
    "pkill killall "
    "ps top htop uptime free vmstat jobs fg bg disown less more vi vim nano emacs ed man info"
)

PROGRAMS: Final[Mapping[str, Program]] = {
    **_all(_RUNNING, _always(RiskClass.RUN, "runs a program")),
    **_all(_REACHING, _always(RiskClass.NETWORK, "reaches out or installs")),
    **_all(_SECRETS, _always(RiskClass.SECRET, "can show secrets")),
    **_all(_DANGERS, _always(RiskClass.DANGER, "reaches machines, databases or what is not the clone's")),
    **TASKS,
    **FILES,
    **READING,
    **FILTERS,
    **WRAPPERS,
    "git": git,
    **PACKAGES,
    "deno": _deno,
    "pip": _PIP,
    "pip3": _PIP,
    "uv": runner_of("uv", "run", _UV),
    "poetry": runner_of("poetry", "run", _POETRY),
    "pdm": runner_of("pdm", "run", _POETRY),
    "hatch": runner_of("hatch", "run", _POETRY),
    "rye": runner_of("rye", "run", _POETRY),
    "cargo": _CARGO,
    "dotnet": by_subcommand("dotnet", "network: restore add tool\npublish: push", RiskClass.NETWORK),
    "go": _GO,
    "docker": _DOCKER,
    "gem": _GEM,
    "bundle": runner_of("bundle", "exec", _BUNDLE),
    "twine": _TWINE,
    "curl": _curl,
    "wget": _wget,
    "gh": _forge("gh"),
    "glab": _forge("glab"),
    "hub": _forge("hub"),
}
"""The rule of each, by its name in small letters."""
