"""Discord's REST API over the world; its counterpart is a bot's HTTP client."""
