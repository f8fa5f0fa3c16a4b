"""A refusal in words, for its reader: people in Discord, HTTP clients, agents, the command line.

Counterpart: `domain/refusals.py`, the codes. A button's name means nothing to a program: Discord has words of its own.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from ompycord.domain.refusals import RefusalCode as Code
from ompycord.errors import Refused, RefusedInWords

__all__ = ["REFUSALS", "Audience", "RefusalWords", "refusal_words"]


class Audience(StrEnum):
    """Who reads it."""

    DISCORD = "discord"
    HTTP = "http"
    AGENT = "agent"
    COMMAND_LINE = "command line"


class RefusalWords(NamedTuple):
    """Sentences with the names of facts in braces."""

    discord: str
    plain: str
    """For programs: HTTP clients and agents."""
    command_line: str = ""
    """Empty: as for programs."""

    def of(self, audience: Audience) -> str:
        """The sentence for this audience, still with its braces."""
        match audience:
            case Audience.DISCORD:
                return self.discord
            case Audience.HTTP | Audience.AGENT:
                return self.plain
            case Audience.COMMAND_LINE:
                return self.command_line or self.plain


def _same(text: str) -> RefusalWords:
    """The same words for every audience, since nothing in them belongs to one surface."""
    return RefusalWords(text, text)


_AGAIN = "*Follow up…* on its result goes on with it, `/omp new` starts another task."
_ACTS: Final = {
    "details": "see",
    "say": "send messages to",
    "raise": "raise the limit of",
    "answer": "answer questions of",
    "approve": "decide for",
}
"""An action of `domain.access` as a verb that takes a run; the others are verbs already."""
_STOP_IT = "Send another message, or stop it."
_NO_DRAFT = "No draft was made."

REFUSALS: Final[dict[Code, RefusalWords]] = {
    Code.WATCH_ONLY: RefusalWords(
        "You can watch here, not start runs. {who} can give you *runner*.",
        "Starting a run needs the role {needs}.",
    ),
    Code.NOT_PERMITTED: RefusalWords(
        "You may not {act} {run}. Ask {who}.", "The action {action} on run {run} needs: {needs}."
    ),
    Code.NEEDS_ROLE: RefusalWords("This needs the role *{needs}*. Ask {who}.", "This needs the role {needs}."),
    Code.OWN_REQUEST: RefusalWords(
        "You asked for this run, so another person must allow it. It waits here for another approver.",
        "The requester of a run may not allow what its agent asks for: another approver must.",
    ),
    Code.OWN_ADMIN: RefusalWords(
        "That would take the role *admin* from you, so nothing was changed. Ask another admin to do it.",
        "That would take the role admin from its own holder, so nothing was changed. Another admin can do it.",
    ),
    Code.ROLE_UNREAD: RefusalWords(
        "Discord does not say now which role {who} has, and an earlier approval needs that. Nothing was decided: try "
        "again in a minute.",
        "The role of {who} cannot be read now, and an earlier approval needs that. Nothing was decided: try again in a "
        "minute.",
    ),
    Code.NEEDS_SCOPE: _same("This needs the scope {needs}."),
    Code.NOT_YOURS: _same("{type} is not for {source} sources to say"),
    Code.APPROVAL_NOT_FOR_A_DAY: _same(
        "This is decided each time: only a whole call that Ompycord read, of a class below secret and danger, can be "
        "allowed for a day."
    ),
    Code.NOTHING_REQUESTED: RefusalWords(
        "Run {run} does not wait for a secret called {name} any more. Nothing was kept.",
        "Run {run} does not wait for a secret called {name}. Nothing was kept.",
        "Run {run} does not wait for a secret called {name}. Nothing was kept; `ompycord secret list` names those that "
        "are asked for.",
    ),
    Code.VALUE_UNFIT: RefusalWords("{why} Nothing was given.", "{why}", "{why} Nothing was given."),
    Code.VALUE_ON_ITS_WAY: _same("Somebody gives {name} at this moment, so yours was not taken."),
    Code.BUDGET_USED_UP: _same("{why} Nothing was started."),
    Code.NO_SUCH_LIMIT: _same("That account has no such limit. `budgets` in the settings gives it one."),
    Code.NO_SUCH_RUN: RefusalWords(
        "That run is not visible here. `/omp runs` lists those that are.",
        "No such run.",
        "No such run. `ompycord runs --all` lists them.",
    ),
    Code.RUN_NOT_FOUND: RefusalWords("No run called `{name}` here. `/omp runs` lists them.", "No run called {name}."),
    Code.NO_RUNS_YET: RefusalWords("You have no runs here yet. Start one with `/omp new`.", "You have no runs yet."),
    Code.UNKNOWN_REPOSITORY: _same("Repository {name} not found. Known: {known}."),
    Code.MODEL_NOT_OFFERED: _same("{agent} does not offer the model {model}. Choose one of: {known}."),
    Code.TAKES_NO_MODEL: _same("{agent} takes no choice of a model. Leave `model` out."),
    Code.UNKNOWN_AGENT: _same("Agent {name} not found for {repository}. Known: {known}."),
    Code.NO_NEW_RUNS: _same("{why}"),
    Code.TOO_MANY_OPEN: RefusalWords(
        "{whose} {count} open runs; {limit} is the limit. Cancel one, or wait for one to end.",
        "Too many open runs: {count}, the limit is {limit}. Cancel one, or wait for one to end.",
    ),
    Code.NOT_ENDED: RefusalWords(
        "{run} is still running; send it a message, or cancel it first.",
        "Run {run} has not ended: send it a message, or cancel it first.",
    ),
    Code.BRANCH_MISSING: RefusalWords(
        "{repository} has no branch `{branch}` any more, so there is nothing to follow up. Put it back "
        "(`git branch {branch} {commit}`) and try again, or start from the base with `/omp new`.",
        "{repository} has no branch {branch} any more, so there is nothing to follow up.",
        "{repository} has no branch {branch} any more, so there is nothing to follow up. Put it back: "
        "git branch {branch} {commit}",
    ),
    Code.TASK_MISSING: _same("The task of {run} has expired."),
    Code.HAS_ENDED: _same("{run} has ended already."),
    Code.NOT_RUNNING: _same("{run} is not running."),
    Code.NO_NEXT_ROUND: _same("{run} has no round after this one. Stop it now, or wait for its end."),
    Code.NO_SUCH_ROUND: _same("{run} has no result of round {round}. There are: {rounds}."),
    Code.NOTHING_TO_GO_BACK_TO: _same("{run} has no result yet to go back to."),
    Code.NOT_SUSPENDED: _same("{run} is not waiting to be resumed."),
    Code.PUBLISHED_NOW: _same("{run} is being published already, so nothing more was done."),
    Code.MOVED_ON: RefusalWords(
        "{run} has moved on ({state}): nothing was changed.",
        "Run {run} is in another state by now ({state}): nothing was changed.",
    ),
    Code.RUNS_ELSEWHERE: RefusalWords(
        "{run} is an external run; only its owner can do that.",
        "Run {run} is external: only its owner can do that.",
    ),
    Code.LIMIT_USED_UP: RefusalWords(
        "The limit of {run} is used up. *Raise the limit* on its card continues it.",
        "The cost limit of run {run} is used up: it continues once the limit is raised.",
    ),
    Code.LIMIT_OF_ENDED_RUN: _same("{run} has ended; another limit changes nothing."),
    Code.LIMIT_TOO_LOW: _same("{spent} is spent already: the new limit must be above that. Nothing was changed."),
    Code.NO_DRAFT: _same("{run} has no draft of a verified result that waits to be marked ready."),
    Code.NOTHING_TO_ACCEPT: _same("{run} has no change of tests or checks that waits to be accepted."),
    Code.NO_PULL_REQUEST: _same("{run} has no pull request that Ompycord follows."),
    Code.PULL_REQUEST_ENDED: _same(
        "Pull request #{number} is {state}, so nothing was done. Start another run for more."
    ),
    Code.NOTHING_TO_ADDRESS: _same(
        "Pull request #{number} has no open review thread, no new request, and no red check. Nothing started."
    ),
    Code.CALL_IS_OVER: _same("That was started, withdrawn or has expired, so nothing was done."),
    Code.NO_OVERLAP: _same("Nothing waits for a decision here: no other work changes the same files as {run} now."),
    Code.NO_BRANCH_TO_BUILD_ON: _same(
        "What changes the same files as {run} is on no branch yet. Wait for it, then build on it."
    ),
    Code.CHAIN_AT_WORK: _same("{run} works on this branch now. Try again when it has ended."),
    Code.FORGE_FAILED: _same("{why}"),
    Code.NO_SUCH_ISSUE: _same(
        "{what} is no issue of a repository that has a forge here. Give `#12`, `owner/name#12` or its link."
    ),
    Code.NO_SUCH_PLAN: _same("{run} has no plan that waits for a decision."),
    Code.PLAN_NOT_OPEN: _same("The plan of {run} no longer waits for a decision, so nothing was decided."),
    Code.PLAN_REPLACED: _same("{run} has another plan by now, so nothing was decided. Look at that one."),
    Code.NO_SUCH_QUESTION: _same("{run} asked no such question."),
    Code.ANSWER_NOT_NEEDED: RefusalWords(
        "That answer is no longer needed.", "The question is closed: it no longer needs an answer."
    ),
    Code.NOT_AN_OPTION: RefusalWords("That is not one of the choices.", "The answer is not one of the options."),
    Code.ANSWER_IS_WAITING: RefusalWords(
        "{who} has just answered that. Yours was not sent.", "Another answer to the question is about to be given."
    ),
    Code.ANSWER_IS_GIVEN: RefusalWords(
        "The agent has that answer already. `/omp say` sends it another message.", "The answer was given already."
    ),
    Code.NO_SUCH_APPROVAL: RefusalWords(
        "{run} has no such approval request.", "Run {run} has no such approval request."
    ),
    Code.APPROVAL_OF_ENDED_RUN: RefusalWords(
        "{run} has ended, so nothing was decided. *Run again…* on its result starts the task again.",
        "Run {run} has ended, so nothing was decided. Its task can be retried.",
    ),
    Code.APPROVAL_NOT_OPEN: RefusalWords(
        "The agent no longer waits for that, so nothing was decided.",
        "The approval request is closed, so nothing was decided.",
    ),
    Code.APPROVAL_NOT_WHOLE: RefusalWords(
        "It is too long to be shown whole, so it can only be denied. Nothing was decided.",
        "The request is too long to be shown whole: it can be denied and not allowed.",
    ),
    Code.APPROVAL_ONLY_ONCE: RefusalWords(
        "Its agent did not send all arguments, so it can only be allowed once. Nothing was decided.",
        "The request does not have all arguments of its call: it can be allowed once and not for the run.",
    ),
    Code.APPROVED_BEFORE: RefusalWords(
        "You allowed this already. It needs {needs} as well.", "This person allowed it already: it needs {needs} too."
    ),
    Code.MESSAGE_EMPTY: RefusalWords(
        "The message is empty, so nothing was sent.", "The message is empty: nothing was sent."
    ),
    Code.MESSAGE_TOO_LONG: RefusalWords(
        "That has {length:,} characters; {limit:,} is the limit. Nothing was sent.",
        "The message has {length:,} characters, the limit is {limit:,}: nothing was sent.",
    ),
    Code.MESSAGE_TO_ENDED_RUN: RefusalWords(
        "{run} has finished. " + _AGAIN,
        "Run {run} has ended and takes no message. Its task can be retried.",
    ),
    Code.MESSAGE_WHILE_PUBLISHING: RefusalWords(
        "{run} puts its result on a branch and takes nothing more. Then " + _AGAIN,
        "Run {run} is publishing its result and takes no message.",
    ),
    Code.TOO_MANY_MESSAGES: RefusalWords(
        "{limit} messages wait for the agent already. Take one back with `/omp queue drop` first.",
        "{limit} messages wait for the agent already: withdraw one first.",
    ),
    Code.NO_SUCH_MESSAGE: RefusalWords("{run} has no such message.", "Run {run} was sent no such message."),
    Code.MESSAGE_WITHDRAWN: RefusalWords(
        "That message was withdrawn. Send it again.", "The message was withdrawn: send it again."
    ),
    Code.MESSAGE_TAKEN: RefusalWords(
        "The agent has read that already. " + _STOP_IT, "The agent has the message already."
    ),
    Code.MESSAGE_TAKEN_UNCHANGED: RefusalWords(
        "The agent has read that already, unchanged. " + _STOP_IT, "The agent has the message already, unchanged."
    ),
    Code.TEXT_MISSING: _same("{what} needs a {part}."),
    Code.REQUEST_TOO_LONG: _same(
        "The {part} is too long to be shown whole: {limit:,} characters is the limit. Nothing was asked."
    ),
    Code.OPTIONS_MISSING: _same("A question without free text needs options."),
    Code.NO_SUCH_TICKET: _same("{run} has no question {ticket}."),
    Code.NOTHING_KNOWN_YET: _same("Nothing is known of run {run} yet; try again in a second."),
    Code.RUN_ENDED: _same("Run {run} has ended."),
    Code.NO_CLONE: _same("This run has no clone, so there is no file of it."),
    Code.FILES_NOT_SERVED: _same("Files are not served on Windows."),
    Code.FILE_EMPTY: _same("{path} is empty, so there is nothing to show."),
    Code.FILE_NOT_GRANTED: _same("{why}"),
    Code.NO_SUCH_ITEM: RefusalWords(
        "Nothing remembered here is called {name}. `/omp memory list` shows what there is.",
        "Nothing remembered here is called {name}.",
    ),
    Code.SEVERAL_ITEMS: _same("Several items end in {name}: give more characters."),
    Code.NOTHING_TO_REMEMBER: _same("There is nothing to remember in that: it needs a title in words."),
    Code.TOO_MANY_PROPOSALS: _same("{limit} proposals of this run wait for a person already."),
    Code.ITEM_MOVED_ON: _same("Someone decided about it a moment ago. Look at it again."),
    Code.ITEM_SUPERSEDES_ITSELF: _same("An item cannot supersede itself."),
    Code.NO_SUCH_PROPOSAL: _same("{run} has no such proposal."),
    Code.PROPOSAL_MALFORMED: _same("A proposal needs a title, and paths relative to the repository."),
    Code.VOICE_NOT_OFFERED: _same(
        "No draft is made of recordings here: `voice` in `ompycord.yml` names who makes text of them."
    ),
    Code.NO_RECORDING: RefusalWords(
        "There is no recording in that message. I take voice messages, and files of Ogg, WAV, MP3 or M4A sound. "
        + _NO_DRAFT,
        "The bytes are no recording in Ogg, WAV, MP3 or M4A.",
    ),
    Code.RECORDING_MISSING: RefusalWords(
        "Discord did not give me that recording ({why}). " + _NO_DRAFT, "The recording could not be read ({why})."
    ),
    Code.RECORDING_TOO_LARGE: _same("That recording is larger than {limit} MiB, which is the most here. " + _NO_DRAFT),
    Code.RECORDING_TOO_LONG: _same("That recording is longer than {limit} s, which is the most here. " + _NO_DRAFT),
    Code.RECORDING_UNREADABLE: _same(
        "I cannot read how long that {kind} file is: it is damaged, or holds something else than sound. " + _NO_DRAFT
    ),
    Code.NOTHING_SPOKEN: _same("I heard nothing in that recording. " + _NO_DRAFT),
    Code.TRANSCRIPTION_FAILED: _same("No text came of that recording: {why} " + _NO_DRAFT),
    Code.TRANSCRIPT_TOO_LONG: _same(
        "What was said has {length:,} characters, and a task {limit:,} at most. " + _NO_DRAFT
    ),
}
"""A row for every code."""


_WHO: Final = {"runner": "a *runner*", "admin": "an *admin*", "approver": "an *approver*"}


def refusal_words(error: Refused, audience: Audience) -> str:
    """The whole sentence. Raises KeyError for a code without words, or a fact that is missing."""
    if isinstance(error, RefusedInWords):
        return str(error)
    facts: dict[str, object] = dict(error.facts)
    if error.code == Code.NOT_PERMITTED:
        facts["act"] = _ACTS.get(str(facts["action"]), facts["action"])
        facts["who"] = _WHO.get(str(facts["needs"]), "its requester or an *approver*")
    if error.code == Code.WATCH_ONLY:
        who = str(facts.get("who", "an admin"))
        facts["who"] = who[:1].upper() + who[1:]  # it begins a sentence
    return REFUSALS[Code(error.code)].of(audience).format_map(facts)


if REFUSALS.keys() != set(Code):  # a code without words would be no answer
    raise AssertionError(f"codes and words differ: {REFUSALS.keys() ^ set(Code)}")
