"""The connection to Discord: the client, one session after the other, and the gateway's events."""
