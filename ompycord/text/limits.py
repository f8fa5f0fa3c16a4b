"""Every limit and size of the product, named once; its counterpart is whoever enforces them, Discord or CONTRACTS.md.

Lengths of Discord texts are in UTF-16 units unless a line says otherwise: never fewer than the code points it counts.
"""

from typing import Final

EMBED_TITLE: Final = 256
"""PLATFORM.md, Discord's limits: embed title."""

EMBED_DESCRIPTION: Final = 4096
"""PLATFORM.md, Discord's limits: embed description."""

EMBED_FIELDS: Final = 25
"""PLATFORM.md, Discord's limits: fields of one embed."""

EMBED_FIELD_NAME: Final = 256
"""PLATFORM.md, Discord's limits: name of a field."""

EMBED_FIELD_VALUE: Final = 1024
"""PLATFORM.md, Discord's limits: value of a field."""

EMBED_FOOTER: Final = 2048
"""PLATFORM.md, Discord's limits: embed footer."""

EMBED_AUTHOR: Final = 256
"""PLATFORM.md, Discord's limits: embed author."""

EMBEDS_TOTAL: Final = 6000
"""PLATFORM.md, Discord's limits: the sum over *all* embeds of a message, not of each."""

MESSAGE_CONTENT: Final = 2000
"""PLATFORM.md, Discord's limits: content of a message."""

ACTION_ROWS: Final = 5
"""PLATFORM.md, Discord's limits: rows of components on a message."""

ROW_BUTTONS: Final = 5
"""PLATFORM.md, Discord's limits: buttons in a row."""

CUSTOM_ID: Final = 100
"""PLATFORM.md, Discord's limits: custom id of a component."""

BUTTON_LABEL: Final = 80
"""PLATFORM.md, Discord's limits: label of a button."""

SELECT_OPTIONS: Final = 25
"""PLATFORM.md, Discord's limits: options of a select menu."""

MODAL_TITLE: Final = 45
"""PLATFORM.md, Discord's limits: title of a modal."""

MODAL_INPUTS: Final = 5
"""PLATFORM.md, Discord's limits: inputs of a modal."""

MODAL_INPUT_VALUE: Final = 4000
"""PLATFORM.md, Discord's limits: characters a person can type into one input."""

MODAL_INPUT_LABEL: Final = 45
"""PLATFORM.md, Discord's limits: label of an input."""

AUTOCOMPLETE_CHOICES: Final = 25
"""PLATFORM.md, Discord's limits: choices of one completion answer."""

COMMAND_DESCRIPTION: Final = 100
"""PLATFORM.md, Discord's limits: description of a command."""

COMMANDS: Final = 100
"""PLATFORM.md, Discord's limits: commands of an application."""

INTERACTION_ANSWER_S: Final = 3.0
"""PLATFORM.md, Discord's limits: seconds until the first answer to an interaction, completions included."""

INTERACTION_TOKEN_S: Final = 900.0
"""PLATFORM.md, Discord's limits: seconds an interaction's token lives."""

EDIT_WINDOW_S: Final = 3600.0
"""PLATFORM.md, Discord's limits: age in seconds after which edits of a message fail with error 30046."""

REQUESTS_PER_S: Final = 50
"""PLATFORM.md, Discord's limits: global requests a second, interaction endpoints exempt."""

INVALID_REQUESTS: Final = 10_000
"""PLATFORM.md, Discord's limits: 401, 403 and 429 answers within INVALID_REQUESTS_WINDOW_S before a ban."""

INVALID_REQUESTS_WINDOW_S: Final = 600.0
"""PLATFORM.md, Discord's limits: the seconds over which invalid requests are counted."""

NONCE_STRING: Final = 25
"""PLATFORM.md, discord.py: characters of a string nonce, one fewer than a ULID has; hence the outbox row's integer."""

CLUSTER: Final = 32
"""PLATFORM.md, Discord's limits: a larger grapheme cluster is replaced, since one cluster can exceed any limit."""

PROMPT_MODAL: Final = 4000
"""CONTRACTS.md, Names, numbers, files: a prompt typed into the form."""

PROMPT_ATTACHED: Final = 32_000
"""CONTRACTS.md, Names, numbers, files: a prompt that comes as an attachment."""

CARD_LINKS: Final = 5
"""DESIGN.md, The card: links that are never lost."""

CARD_LINK: Final = 200
"""DESIGN.md, The card: characters of one such link."""

DRAFT_S: Final = 2.0
"""CONTRACTS.md, Card, mirror, crash: seconds until a draft that is not durable is answered by a deferral."""

DIALECT_LINE_BYTES: Final = 65_536
"""CONTRACTS.md, Names, numbers, files: bytes of one line, on fd 3 as on standard output."""

DIALECT_MESSAGE: Final = 2000
"""CONTRACTS.md, Names, numbers, files: characters of a line that becomes a message."""

WALL_S: Final = 3600.0
"""CONTRACTS.md, Processes: seconds an agent may run."""

IDLE_S: Final = 900.0
"""CONTRACTS.md, Processes: seconds an agent may be silent."""

WAITING_S: Final = 86_400.0
"""UX.md, Who is pinged: seconds until a question or an approval that nobody decides is parked."""

TERM_S: Final = 10.0
"""CONTRACTS.md, Processes: seconds between TERM and KILL."""

WEBHOOK_BODY_BYTES: Final = 262_144
"""CONTRACTS.md, HTTP answers: bytes of one posted event."""

WEBHOOK_BATCH_BYTES: Final = 1_048_576
"""CONTRACTS.md, HTTP answers: bytes of a posted batch."""

WEBHOOK_BATCH_EVENTS: Final = 500
"""CONTRACTS.md, Ingestion: events of one batch."""

OPAQUE_EVENT_BYTES: Final = 4096
"""CONTRACTS.md, Ingestion: bytes of an event whose type is unknown."""

JSON_DEPTH: Final = 16
"""CONTRACTS.md, Ingestion: nesting."""

JSON_NODES: Final = 2000
"""CONTRACTS.md, Ingestion: values of one document."""

JSON_STRING: Final = 32_768
"""CONTRACTS.md, Ingestion: code points of one string."""

JSON_KEY: Final = 128
"""CONTRACTS.md, Ingestion: code points of one key."""

JSON_INTEGER: Final = 2**53
"""CONTRACTS.md, Ingestion: the largest magnitude of an integer."""

BACKLOG_EVENTS: Final = 5000
"""CONTRACTS.md, Ingestion: unprojected events above which new posts are answered with 429."""
