"""What people and programs beside the bot use: the web page with its API, and the controls."""
