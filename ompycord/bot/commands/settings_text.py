"""The texts of `/omp settings`; counterpart of `commands/settings.py`. Pure."""

from ompycord.domain.person_settings import PersonSettings, Pings
from ompycord.render.sanitizer import Sanitizer

__all__ = ["HOURS_REFUSED", "PINGS", "ZONE_REFUSED", "commits_refused", "saved"]

PINGS: dict[Pings, str] = {
    Pings.THREAD: "Mention me in the run's thread",
    Pings.DM: "Send me a direct message",
    Pings.NONE: "Do not ping me",
}
HOURS_REFUSED = "Quiet hours look like `22:00-07:00`. Nothing was changed."
ZONE_REFUSED = "Unknown time zone. Use a name such as `Europe/Berlin` or `UTC`. Nothing was changed."


def commits_refused(typed: str, sanitizer: Sanitizer) -> str:
    """The text for a commit name that git does not accept."""
    return (
        f"*{sanitizer.line(typed, 100)}* cannot stand on a commit: it looks like `Ada <ada@example.com>`. Nothing "
        "was changed."
    )


def saved(chosen: PersonSettings, sanitizer: Sanitizer) -> str:
    """The text for all settings as they are now."""
    lines = ["Saved.", f"Pings: {_PINGED[chosen.pings]}."]
    if chosen.quiet is not None:
        hours = f"{chosen.quiet.start} to {chosen.quiet.end}, {sanitizer.line(chosen.quiet.zone, 64)}"
        lines.append(f"Quiet: {hours}. Only questions that only you can answer will ping.")
    if chosen.agent is not None:
        lines.append(f"Agent: {sanitizer.line(chosen.agent, 64)}, where the repository allows it.")
    if chosen.co_author is not None:
        lines.append(f"On commits: `{sanitizer.line(chosen.co_author, 220)}`")
    return "\n".join(lines)


_PINGED: dict[Pings, str] = {
    Pings.THREAD: "a mention in the run's thread",
    Pings.DM: "a direct message; where Discord takes none, a mention in the thread",
    Pings.NONE: "none",
}
