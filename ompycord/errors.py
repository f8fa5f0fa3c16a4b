"""Every error of ours, in one tree; its counterpart is `docs/reference/exit-codes.md`.

OmpycordError
├── StartError                  ends the process with one line and its exit code
│   ├── ConfigurationError      78  a setting is wrong; the message names the key, never the value
│   ├── BusyError               75  another instance, a taken port, a held lock
│   ├── UnavailableError        69  something we depend on is not there
│   └── GatewayFatal            76  Discord closed the gateway permanently (4004, 4010-4014)
├── Refused                     77  the actor may not do this; nothing happened; carries a code and facts
│   └── RefusedInWords              by a surface to its own audience, in its own words
├── BadEvent                    an event that is not stored; carries its problem slug and HTTP status
│   ├── NotYours                403 this source may not send this (the authority table)
│   ├── UnknownRun              404
│   ├── SequenceConflict        409 same (run, source, seq), other body
│   ├── IdConflict              409 same webhook-id, other body
│   └── RunFinal                409 numbered above the source's final event, or unnumbered after it
├── VersionConflict             a run moved since it was read; read again and decide again
├── StaleResult                 a step ended under a lease that its run does not hold any more; dropped
├── StorageError                503 the database did not take it; nothing was acknowledged
│   ├── ArchiveUnreadable       503 events of a run are in a file that is gone or damaged; names its month
│   └── NotStored               and surely nothing of it is stored: it may be tried again
│       └── DiskRefuses         the disk is full, broken or read-only: no write succeeds until it is fixed
│           └── DatabaseDamaged pages of the database are not what was written: until a backup is restored
├── Draining                    503 the process is ending
├── Backlogged                  429 more unprojected events than the limit
├── WorkspaceError              a clone, collecting or a publication failed; the run says why
│   └── ResultWithheld              it holds a value that its agent was granted; it is not published
├── TapeUnreadable              a run has no tape, or none that can be played
├── ForgeFailed                 a forge did not take a branch or a pull request; the branch here stays
│   └── ForgeNotNow                 it took no request now, and refused nothing: a limit, or it rests after failures
│       └── ForgeUnanswered         its answer was lost, or was an error of its own: it may have taken effect
├── ModelFailed                 a model that Ompycord asks itself did not answer, or not in the shape that is needed
├── EmbeddingFailed             no vectors came for texts, or none that can be used; things are found by words
├── TranscriptionFailed         no text came of a recording
└── ProcessFailed               a program could not be started or did not end as it must
    └── ProgramLeadsOut         it lies in a run's checkout and is a link out of it: it was not started
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

__all__ = [
    "ArchiveUnreadable",
    "Backlogged",
    "BadEvent",
    "BusyError",
    "ConfigurationError",
    "DatabaseDamaged",
    "DiskRefuses",
    "Draining",
    "EmbeddingFailed",
    "ForgeFailed",
    "ForgeNotNow",
    "ForgeUnanswered",
    "GatewayFatal",
    "IdConflict",
    "ModelFailed",
    "NotStored",
    "NotYours",
    "OmpycordError",
    "ProcessFailed",
    "ProgramLeadsOut",
    "Refused",
    "RefusedInWords",
    "ResultWithheld",
    "RunFinal",
    "SequenceConflict",
    "StaleResult",
    "StartError",
    "StorageError",
    "TapeUnreadable",
    "TranscriptionFailed",
    "UnavailableError",
    "UnknownRun",
    "VersionConflict",
    "WorkspaceError",
    "proxy_in_words",
]


class OmpycordError(Exception):
    """Root of the tree. `str(error)` says what happened, to what, and what to do next; never a secret."""


class StartError(OmpycordError):
    """Ends the process with one plain line and `exit_code`."""

    exit_code: ClassVar[int] = 1


class ConfigurationError(StartError):
    """A setting is missing or wrong; names the key, never the value."""

    exit_code: ClassVar[int] = 78


class BusyError(StartError):
    """Another instance holds the data folder, or another program has the port."""

    exit_code: ClassVar[int] = 75


class UnavailableError(StartError):
    """Something outside that must be there is not."""

    exit_code: ClassVar[int] = 69


class GatewayFatal(StartError):
    """Discord closed the gateway with a code after which trying again is forbidden."""

    exit_code: ClassVar[int] = 76


class Refused(OmpycordError):
    """A person or program may not do this, and nothing happened."""

    exit_code: ClassVar[int] = 77

    def __init__(self, code: str, /, **facts: str | float) -> None:
        """`code` is one of `domain.refusals`; `facts` are what its words need.

        Which `render.refusals` has for each audience.
        """
        super().__init__(f"{code} {facts}" if facts else code)
        self.code = code
        self.facts = facts


class RefusedInWords(Refused):
    """The same, by a surface that speaks to one audience alone, in its own words."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.code = "refused"


class BadEvent(OmpycordError):
    """An event that cannot be stored. `slug` is the problem type, `status` its HTTP status."""

    slug: ClassVar[str] = "schema-invalid"
    status: ClassVar[int] = 422


class NotYours(BadEvent):
    """This kind of source may not send this type (docs/contracts/events.md, *Authority*)."""

    slug: ClassVar[str] = "not-yours"
    status: ClassVar[int] = 403


class UnknownRun(BadEvent):
    """No such run, or not one of this key."""

    slug: ClassVar[str] = "unknown-run"
    status: ClassVar[int] = 404


class SequenceConflict(BadEvent):
    """The source already has this number with another body, or mixes numbered and unnumbered events."""

    slug: ClassVar[str] = "sequence-conflict"
    status: ClassVar[int] = 409


class IdConflict(BadEvent):
    """The webhook-id was used for another body."""

    slug: ClassVar[str] = "id-conflict"
    status: ClassVar[int] = 409


class RunFinal(BadEvent):
    """The source has ended: numbers above its final event and unnumbered events are refused."""

    slug: ClassVar[str] = "run-final"
    status: ClassVar[int] = 409


class StorageError(OmpycordError):
    """The database did not take it; nothing was acknowledged."""


class ArchiveUnreadable(StorageError):
    """Events of a run that ended long ago are in a file that is gone or damaged. All other runs can be read."""

    def __init__(self, month: str, fault: str) -> None:
        """`month` as `2027-03`; `fault` says what is wrong with its file."""
        super().__init__(
            f"The events of this run are in the archive of {month}, whose file {fault}. "
            "`ompycord archive restore` brings it back from a backup."
        )
        self.month = month


class NotStored(StorageError):
    """The database did not take it, and surely nothing of it is stored: trying again makes no second fact."""


class DiskRefuses(NotStored):
    """The disk is full, broken or read-only: no write can succeed until it is fixed."""


class DatabaseDamaged(DiskRefuses):
    """Pages of the database are not what was written: nothing more is written until a backup is restored."""


class Draining(OmpycordError):
    """The process is ending and takes nothing new."""


class Backlogged(OmpycordError):
    """More events wait for the projector than the limit allows."""


class WorkspaceError(OmpycordError):
    """A clone, collecting or a publication failed."""


class ResultWithheld(WorkspaceError):
    """A result holds a secret that its agent was granted: nothing of it is published. Names where and which, only."""


class ForgeFailed(OmpycordError):
    """A forge did not take a branch or a pull request, or did not answer; `fault` says why, for programs."""

    def __init__(self, fault: str, words: str) -> None:
        """`words` say what happened, to what, and what to do next."""
        super().__init__(words)
        self.fault = fault


class ForgeNotNow(ForgeFailed):
    """A forge judged nothing: the same request may be taken later, as it is."""


class ForgeUnanswered(ForgeNotNow):
    """A request to a forge may have taken effect: its answer was lost, or was an error of the forge itself."""


class ModelFailed(OmpycordError):
    """A model that Ompycord asks itself did not answer; `status` is the HTTP status of a refusal."""

    def __init__(self, words: str, *, status: int | None = None) -> None:
        """`words` say what happened and what to do next, or are the provider's own."""
        super().__init__(words)
        self.status = status


class EmbeddingFailed(OmpycordError):
    """No vectors came. `is_input`: these texts were refused, and others may be taken."""

    def __init__(self, words: str, *, is_input: bool = False) -> None:
        """`words` say what happened and what to do next."""
        super().__init__(words)
        self.is_input = is_input


class TranscriptionFailed(OmpycordError):
    """No text came of a recording. Its message is for people: one or two sentences, without a secret."""


class TapeUnreadable(OmpycordError):
    """A run was not recorded, or what was recorded of it cannot be played. Its message is for people."""


class ProcessFailed(OmpycordError):
    """A program could not be started, or did not end as it must."""


class ProgramMissing(ProcessFailed):
    """A program is not on this machine, or not where it is said to be. Its message is for people.

    It names the program without its folder: a card shows it to everyone.
    """

    def __init__(self, program: str) -> None:
        super().__init__(
            f"The program {program} was not found. Install it, or give its full path in the configuration."
        )
        self.program = program


class ProgramLeadsOut(ProcessFailed):
    """A program of a run's checkout is a link out of it, so it was not started; the message names it."""


class StaleResult(OmpycordError):
    """A step's result came under a lease that its run does not hold any more; it was dropped."""


class VersionConflict(OmpycordError):
    """A run's row moved since it was read; read again and decide again."""


@contextmanager
def proxy_in_words() -> Generator[None]:
    """Around the making of an httpx client: a proxy of the environment that it does not speak to is a sentence.

    It raises ImportError for a socks proxy and ValueError for an unknown kind, both when a client is made.
    """
    try:
        yield
    except (ImportError, ValueError):
        raise ConfigurationError(
            "HTTPS_PROXY or ALL_PROXY names a proxy that does not work here: only http and https ones do. Name such a "
            "one, or put the address that is to be reached into NO_PROXY."
        ) from None
