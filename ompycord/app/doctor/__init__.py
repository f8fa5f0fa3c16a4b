"""`ompycord doctor`: inspects everything that a running Ompycord needs and changes nothing.

Counterpart of `cli/doctor.py`.
"""

from ompycord.app.doctor.examination import examine

__all__ = ["examine"]
