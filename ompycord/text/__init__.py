"""Pure: limits, graphemes, sanitiser, redactor. Text from outside passes `clean`, `redact`, then `plain` or its kin."""

from ompycord.text.graphemes import clusters, code_points, cut, cut_head, cut_lines, utf16_len
from ompycord.text.redact import REDACTED, Redactor
from ompycord.text.sanitise import clean, code, excerpt, label, plain

__all__ = [
    "REDACTED",
    "Redactor",
    "clean",
    "clusters",
    "code",
    "code_points",
    "cut",
    "cut_head",
    "cut_lines",
    "excerpt",
    "label",
    "plain",
    "utf16_len",
]
