"""Starts Red-DiscordBot, its source untouched, on the playground: discord.py's address is set before Red is imported.

Red asks PyPI for its newest version too; here no name is resolved, so that it speaks to the playground alone.
"""

import os
import runpy
import socket
from typing import NoReturn

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


def refuse(host: object, *_arguments: object, **_options: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_NONAME, f"{host} is not looked up here")


Route.BASE = f"{os.environ['PLAYGROUND_API']}/v10"
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["PLAYGROUND_GATEWAY"])
socket.getaddrinfo = refuse
runpy.run_module("redbot", run_name="__main__")
