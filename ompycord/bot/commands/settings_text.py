"""The texts of `/omp settings`; counterpart of `commands/settings.py`. Pure."""

from collections.abc import Sequence

from ompycord.domain.person_settings import PersonSettings, Pings
from ompycord.render.sanitizer import Sanitizer

__all__ = ["HOURS_REFUSED", "PINGS", "commits_refused", "saved", "zone_refused"]

PINGS: dict[Pings, str] = {
    Pings.THREAD: "Mention me in the run's thread",
    Pings.DM: "Send me a direct message",
    Pings.NONE: "Do not ping me",
}
HOURS_REFUSED = "Quiet hours look like `22:00-07:00`."


def commits_refused(typed: str, sanitizer: Sanitizer) -> str:
    """The text for a commit name that git does not accept."""
    return f"*{sanitizer.line(typed, 100)}* cannot stand on a commit: a name looks like `Ada <ada@example.com>`."


def zone_refused(typed: str) -> str:
    """The text for a time zone that does not exist."""
    named = f"Unknown time zone `{typed.strip()[:64].replace('`', '')}`." if typed.strip() else "Unknown time zone."
    return f"{named} Use a name such as `Europe/Berlin` or `UTC`."


def saved(chosen: PersonSettings, wrong: Sequence[str], sanitizer: Sanitizer) -> str:
    """The text for all settings as they are now, after what is `wrong` and so was left as it was."""
    kept = [f"⚠ {one} It stays as it was." for one in wrong]
    lines = [*kept, "Saved, except for that." if wrong else "Saved.", f"Pings: {_PINGED[chosen.pings]}."]
    if chosen.quiet is not None:
        hours = f"{chosen.quiet.start} to {chosen.quiet.end}, {sanitizer.line(chosen.quiet.zone, 64)}"
        lines.append(f"Quiet: {hours}. Only questions that only you can answer will ping.")
    if chosen.agent is not None:
        lines.append(f"Agent: {sanitizer.line(chosen.agent, 64)}, where the repository allows it.")
    if chosen.co_author is not None:
        lines.append(f"On commits: `{sanitizer.code(chosen.co_author, 220)}`")
    return "\n".join(lines)


_PINGED: dict[Pings, str] = {
    Pings.THREAD: "a mention in the run's thread",
    Pings.DM: "a direct message; where Discord takes none, a mention in the thread",
    Pings.NONE: "none",
}
