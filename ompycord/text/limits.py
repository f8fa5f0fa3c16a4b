"""Every limit and size of the product, named once; Discord or Ompycord enforces them.

Lengths of Discord texts are in UTF-16 units unless a line names another unit: never fewer than the code points it
counts.
"""

from typing import Final

EMBED_TITLE: Final = 256
"""docs/platform/discord.md, *Sizes*: embed title."""

EMBED_DESCRIPTION: Final = 4096
"""docs/platform/discord.md, *Sizes*: embed description."""

EMBED_FIELDS: Final = 25
"""docs/platform/discord.md, *Sizes*: fields of one embed."""

EMBED_FIELD_NAME: Final = 256
"""docs/platform/discord.md, *Sizes*: name of a field."""

EMBED_FIELD_VALUE: Final = 1024
"""docs/platform/discord.md, *Sizes*: value of a field."""

EMBED_FOOTER: Final = 2048
"""docs/platform/discord.md, *Sizes*: embed footer."""

EMBED_AUTHOR: Final = 256
"""docs/platform/discord.md, *Sizes*: embed author."""

EMBEDS_TOTAL: Final = 6000
"""docs/platform/discord.md, *Sizes*: the sum over *all* embeds of a message, not of each."""

MESSAGE_CONTENT: Final = 2000
"""docs/platform/discord.md, *Sizes*: content of a message."""

ATTACHMENT_DESCRIPTION: Final = 1024
"""docs/platform/discord.md, *Sizes*: description of an attachment."""

ACTION_ROWS: Final = 5
"""docs/platform/discord.md, *Sizes*: rows of components on a message."""

ROW_BUTTONS: Final = 5
"""docs/platform/discord.md, *Sizes*: buttons in a row."""

CUSTOM_ID: Final = 100
"""docs/platform/discord.md, *Sizes*: custom id of a component."""

BUTTON_LABEL: Final = 80
"""docs/platform/discord.md, *Sizes*: label of a button."""

SELECT_OPTIONS: Final = 25
"""docs/platform/discord.md, *Sizes*: options of a select menu."""

MODAL_TITLE: Final = 45
"""docs/platform/discord.md, *Sizes*: title of a modal."""

MODAL_INPUT_VALUE: Final = 4000
"""docs/platform/discord.md, *Sizes*: characters a person can type into one input."""

ANSWER: Final = 4000
"""docs/contracts/commands-and-buttons.md, *Typed answers*: characters of an answer to a question, typed or chosen."""

UNDO_S: Final = 5.0
"""docs/contracts/commands-and-buttons.md, *Typed answers*: seconds in which a typed answer can be undone."""

COMMAND_TEXT: Final = 6000
"""docs/platform/discord.md, *Sizes*: characters of a command's text option."""

CHOICE: Final = 100
"""docs/platform/discord.md, *Sizes*: name and value of one choice of a completion."""

AUTOCOMPLETE_CHOICES: Final = 25
"""docs/platform/discord.md, *Sizes*: choices of one completion answer."""

INTERACTION_ANSWER_S: Final = 3.0
"""docs/platform/discord.md, *Interactions*: seconds until the first answer to an interaction, completions included."""

REQUESTS_PER_S: Final = 50
"""docs/platform/discord.md, *Rate limits*: global requests a second, interaction endpoints exempt."""

CLUSTER: Final = 32
"""docs/platform/discord.md, *Sizes*: a larger grapheme cluster is replaced, since one cluster can exceed any limit."""

CARD_LINKS: Final = 5
"""docs/contracts/cards.md, *Order of loss*: links that are never lost."""

CARD_LINK: Final = 200
"""docs/contracts/cards.md, *Order of loss*: characters of one such link."""

DIALECT_LINE_BYTES: Final = 65_536
"""docs/contracts/processes.md, *JSON lines*: bytes of one line, on fd 3 as on standard output."""

DIALECT_MESSAGE: Final = 2000
"""docs/contracts/processes.md, *JSON lines*: characters of a line that becomes a message."""

WALL_S: Final = 3600.0
"""docs/contracts/processes.md, *Clocks*: seconds an agent may run."""

IDLE_S: Final = 900.0
"""docs/contracts/processes.md, *Clocks*: seconds an agent may be silent."""

WAITING_S: Final = 86_400.0
"""docs/contracts/cards.md, *Who is pinged*: seconds until an undecided question or approval suspends its run."""

TERM_S: Final = 10.0
"""docs/contracts/processes.md, *Start and end of a program*: seconds between TERM and KILL."""

OPAQUE_EVENT_BYTES: Final = 4096
"""docs/contracts/ingestion.md, *JSON*: bytes of an event whose type is unknown."""
