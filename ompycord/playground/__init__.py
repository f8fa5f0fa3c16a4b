"""A local Discord: REST, gateway and a web page in one process of its own; its counterpart is any Discord bot.

Built from Discord's own description of its API. It imports nothing else of Ompycord, so that it judges instead of
agreeing.
Start it with `python -m ompycord.playground --state DIR`.
"""
