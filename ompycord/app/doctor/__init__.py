"""`ompycord doctor`: inspects everything that a running Ompycord needs and changes nothing.

Counterpart of `cli/doctor.py`.
"""

from ompycord.app.doctor.examination import examine
from ompycord.app.doctor.repository import examine_repository

__all__ = ["examine", "examine_repository"]
