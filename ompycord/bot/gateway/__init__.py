"""The connection to Discord: the client, one session after the other, and what the gateway tells."""
