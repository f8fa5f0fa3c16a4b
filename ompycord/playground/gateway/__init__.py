"""The gateway: the WebSocket sessions of the bot; its counterpart is a gateway client."""
