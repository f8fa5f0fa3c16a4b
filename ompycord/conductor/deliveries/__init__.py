"""Which facts leave the process, decided as they are projected: outbox rows for Discord, deliveries for webhooks."""

from ompycord.conductor.deliveries.discord import CARD_WAIT_MS, RESULT_WAIT_MS, deliveries, first_deliveries
from ompycord.conductor.deliveries.webhooks import NotificationRule, Notifications

__all__ = [
    "CARD_WAIT_MS",
    "RESULT_WAIT_MS",
    "NotificationRule",
    "Notifications",
    "deliveries",
    "first_deliveries",
]
