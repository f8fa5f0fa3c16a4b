"""Pure: each agent's wire format to event bodies; used by the adapters in `agents/` and by the webhook's ingesters."""
