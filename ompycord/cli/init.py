"""`ompycord init`: from a bot token to files that work, every question once.

Counterpart of `app/setup.py`, which writes them. Every answer may be given as an option, so that a script can do it:
`--yes` asks nothing and fails where something is missing.
"""

import asyncio
import os
import re
from collections.abc import Callable, Container, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from ompycord.errors import ConfigurationError, RefusedInWords

if TYPE_CHECKING:
    from ompycord.app.connection.discord_probe import Account, Channel, DiscordProbe
    from ompycord.settings import DiscordSettings

__all__ = ["init"]

ResultT = TypeVar("ResultT")
PORTAL = "https://discord.com/developers/applications"
_USER_ID = re.compile(r"[0-9]{15,20}")
_NO_USER_ID = "A Discord user id has 15 to 20 digits; it is not the user's name."


def init(
    token_file: Annotated[
        Path | None, typer.Option(help="A file with the bot's token. Without it: DISCORD_TOKEN, else you are asked.")
    ] = None,
    guild: Annotated[str | None, typer.Option(help="The server's id.")] = None,
    channel: Annotated[str | None, typer.Option(help="The home channel's id, where runs are shown.")] = None,
    admin: Annotated[str | None, typer.Option(help="Your own Discord user id: you may do everything here.")] = None,
    repository: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PATH", help="A git repository on this machine; repeat for several."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Non-interactive: take options and defaults.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace .env and ompycord.yml; the old ones stay as NAME.before.")
    ] = False,
) -> None:
    """Set up a real Discord server, step by step: token, invitation, permissions, channel, people.

    Writes .env and ompycord.yml.

    To try Ompycord you need none of this: `ompycord up` opens a local Discord.

    """
    wizard = Wizard(is_silent=yes)
    may_replace = replace or wizard.may_replace(Path.cwd())
    token = _token(token_file, wizard)
    wizard.run(token, guild=guild, channel=channel, admin=admin, repositories=repository or [], may_replace=may_replace)


def _token(file: Path | None, wizard: "Wizard") -> str:
    try:
        given = file.read_text(encoding="utf-8-sig").strip() if file else os.environ.get("DISCORD_TOKEN", "").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError("--token-file: that file cannot be read.") from None
    if given:
        return given
    typer.echo(f"Make an application at {PORTAL}, open Bot, and press Reset Token.")
    token = wizard.ask("The bot's token", missing="Give --token-file or DISCORD_TOKEN.", is_secret=True)
    return token.strip()


class Wizard:
    """Asks, or takes what was given."""

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent = is_silent

    def ask(self, question: str, *, missing: str, default: str | None = None, is_secret: bool = False) -> str:
        """One answer. Raises ConfigurationError where asking is not allowed and there is no default."""
        if not self._is_silent:
            return str(typer.prompt(question, default=default, hide_input=is_secret))
        if default is None:
            raise ConfigurationError(f"{question}: not asked (--yes). {missing}")
        return default

    def may_replace(self, folder: Path) -> bool:
        """Whether existing files may be replaced, asked before anything else."""
        from ompycord.app.setup import existing

        there = existing(folder)
        if not there:
            return False
        if self._is_silent or not typer.confirm(f"{' and '.join(there)} is there already. Keep it as NAME.before?"):
            raise RefusedInWords(
                f"{' and '.join(there)} is there already: nothing was written. Move it away, or give --replace."
            )
        return True

    def run(
        self,
        token: str,
        *,
        guild: str | None,
        channel: str | None,
        admin: str | None,
        repositories: Sequence[str],
        may_replace: bool,
    ) -> None:
        """From the token to the files."""
        from ompycord.app.doctor.team import programs_on_path
        from ompycord.app.models.key_files import keep_keys
        from ompycord.app.setup import HOW_TO, Answers, write_files
        from ompycord.settings import load_settings

        named = dict(_named(one) for one in repositories)
        if admin is not None and not _USER_ID.fullmatch(admin):
            raise ConfigurationError(f"--admin: {_NO_USER_ID}")
        account = _probe(token, lambda probe: probe.account())
        typer.echo(f"The token is good: Discord knows this bot as {account.name}.")
        account, server = self._server(account, guild, token)
        home = self._channel(_probe(token, lambda probe: probe.channels(server)), channel)
        who = admin or self._admin()
        named = named or self._repositories()
        seen = asyncio.run(programs_on_path(os.environ, Path.cwd()))
        agents = self._agents(seen)
        provider, model, key = ("", "", "") if seen else self._built_in()
        answers = Answers(
            token=token,
            guild=server,
            channel=home,
            admin=who or None,
            repositories=named,
            agents=agents,
            agents_seen=tuple(seen.values()),
            provider=provider or None,
            model=model or None,
        )
        settings = write_files(Path.cwd(), answers, may_replace=may_replace)
        typer.echo("Written, for you alone to read: .env, ompycord.yml.")
        _judge(token, settings.discord)
        for program in agents:
            typer.echo(f"Give {program} the key of its model: {HOW_TO[program]}")
        if provider:
            keep_keys(load_settings(environ=os.environ, folder=Path.cwd()).data_dir, provider, [key])
            typer.echo(f"The built-in agent works with {provider}; the key is in secrets/provider_{provider}.")
        missing = [what for what, given in (("repositories", named), ("agents", agents or provider)) if not given]
        first = f"name {' and '.join(missing)} in ompycord.yml, then " if missing else ""
        typer.echo(f"Next: {first}`ompycord doctor`, then `ompycord up` (in a checkout: make up).")

    def _admin(self) -> str:
        """The person's own user id; empty where nothing may be asked."""
        if self._is_silent:
            return ""
        while True:
            typer.echo("Discord: Settings, Advanced, Developer Mode; then right-click yourself, Copy User ID.")
            answer = self.ask("Your own user id", missing="Give --admin.").strip()
            if _USER_ID.fullmatch(answer):
                return answer
            typer.echo(_NO_USER_ID)

    def _repositories(self) -> dict[str, Path]:
        """Git repositories on this machine, until an empty answer."""
        found: dict[str, Path] = {}
        while not self._is_silent:
            more = "Another one" if found else "A git repository on this machine that runs may work in"
            answer = self.ask(f"{more} (its path; Enter for none)", missing="", default="").strip()
            if not answer:
                break
            path = Path(answer).expanduser().absolute()
            if not is_repository(path):
                typer.echo(f"{path} is no git repository. Give the folder that holds .git, or a bare repository.")
                continue
            found[repository_name(path, found)] = path
        return found

    def _agents(self, seen: "dict[str, str]") -> tuple[str, ...]:
        """Which of the programs found here may be agents."""
        if self._is_silent or not seen:
            return ()
        for number, name in enumerate(seen.values(), start=1):
            typer.echo(f"  {number}  {name}")
        while True:
            answer = self.ask("Which may work here (numbers with spaces; Enter for none)", missing="", default="")
            numbers = answer.replace(",", " ").split()
            if all(number.isdecimal() and 1 <= int(number) <= len(seen) for number in numbers):
                return tuple(dict.fromkeys(list(seen)[int(number) - 1] for number in numbers))
            typer.echo(f"Numbers from 1 to {len(seen)}.")

    def _built_in(self) -> tuple[str, str, str]:
        """Where no agent program is found but a key is: provider, model and key of the built-in agent; else nothing."""
        from ompycord.app.models.key_import import KNOWN

        variable = next((name for name in KNOWN if os.environ.get(name, "").strip()), None)
        if self._is_silent or variable is None or KNOWN[variable] == "gemini":
            return "", "", ""
        provider = KNOWN[variable]
        typer.echo(f"No agent program was found, but {variable} is set. The built-in agent needs no more than that.")
        question = f"Its model, as {provider} names it (Enter to leave it out)"
        model = self.ask(question, missing="", default="").strip()
        return (provider, model, os.environ[variable].strip()) if model else ("", "", "")

    def _server(self, account: "Account", guild: str | None, token: str) -> "tuple[Account, str]":
        """The server to work in; the bot is invited first where it is in none."""
        from ompycord.bot.gateway.permissions import invite_link

        typer.echo(f"Invite it with exactly the permissions that it uses:\n  {invite_link(account.application)}")
        while not account.servers or (guild is not None and guild not in {one.id for one in account.servers}):
            if self._is_silent:
                raise ConfigurationError(
                    "DISCORD_GUILD_ID: the bot is not in that server. Invite it with the link above."
                )
            typer.prompt("It is not in the server yet. Open the link, then press Enter", default="", show_default=False)
            account = _probe(token, lambda probe: probe.account())
        if guild is not None:
            return account, guild
        return account, self._choose("server", [(one.id, one.name) for one in account.servers], missing="Give --guild.")

    def _channel(self, channels: "Sequence[Channel]", wanted: str | None) -> str | None:
        texts = [(one.id, f"#{one.name}") for one in channels if one.is_text]
        if wanted is not None:
            if wanted not in dict(texts):
                raise ConfigurationError("DISCORD_CHANNEL_ID: that server has no such text channel.")
            return wanted
        return self._choose("home channel", texts, missing="Give --channel.") if texts else None

    def _choose(self, what: str, choices: Sequence[tuple[str, str]], *, missing: str) -> str:
        """One of several by its number; the only one without asking."""
        if len(choices) == 1:
            return choices[0][0]
        for number, (_, name) in enumerate(choices, start=1):
            typer.echo(f"  {number}  {name}")
        while True:
            answer = self.ask(f"Which {what} (number)", missing=missing)
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return choices[int(answer) - 1][0]
            typer.echo(f"A number from 1 to {len(choices)}.")


def _judge(token: str, settings: "DiscordSettings") -> None:
    """Print what Discord does not allow yet."""
    from ompycord.app.connection.discord_probe import findings_of
    from ompycord.cli.doctor import print_findings

    print_findings(_probe(token, lambda probe: findings_of(probe, settings)))


def _probe(token: str, ask: "Callable[[DiscordProbe], Coroutine[None, None, ResultT]]") -> ResultT:
    """Ask Discord, or in tests the playground that OMPYCORD_DISCORD__API names. Raises as `DiscordProbe` does."""
    from ompycord.app.connection.discord_probe import open_probe
    from ompycord.settings import proxy_of_environment

    api = os.environ.get("OMPYCORD_DISCORD__API")
    found = proxy_of_environment(os.environ) if api is None else None

    async def asking() -> ResultT:
        async with open_probe(api=api, token=token, proxy=found[1] if found else None) as probe:
            return await ask(probe)

    return asyncio.run(asking())


def is_repository(path: Path) -> bool:
    """Whether git would find a repository there: a checkout, or a bare one."""
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())


def repository_name(path: Path, taken: Container[str]) -> str:
    """A name for a repository by its folder's, as the settings take it; numbered where it is taken."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", path.name.removesuffix(".git").lower()).strip("-._")[:60] or "repository"
    numbered = (f"{plain}-{number}" for number in range(2, 1000))
    return next((name for name in (plain, *numbered) if name not in taken), plain)


def _named(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not name or not path:
        raise typer.BadParameter("a repository is NAME=PATH", param_hint="--repository")
    return name, Path(path).expanduser()
