"""Plays an agent of the Agent Client Protocol, made with the protocol's own SDK, so that our frames meet its schema.

Each line of the prompt is a step:

    say TEXT          a message in three chunks
    plan A|B          a plan whose first entry is under way
    write NAME TEXT   asks the client to write a file, inside a tool call with a diff
    read NAME         asks the client to read a file, and says what it got
    ask QUESTION|A|B  a form with one choice
    leave COMMAND     asks for permission to run a command
    spend AMOUNT      the session has cost so much
    session           says how it was opened
    look              says which pictures its prompt shows
    crash CODE        ends the program at once
    hang              does nothing any more, whatever it is told
"""

import asyncio
import base64
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

# The SDK's models read their own source for descriptions that nobody reads here: a third of its import.
with mock.patch("pydantic._internal._fields._update_fields_from_docstrings"):
    import acp
    from acp import helpers, schema


class Double:
    """One session, whose turns end with `end_turn` unless they are cancelled."""

    def __init__(self) -> None:
        self.client: Any = None
        self.how = ""
        self.calls = self.messages = 0
        self.seen: list[Any] = []
        self.cancelled = asyncio.Event()
        self.tasks: asyncio.TaskGroup | None = None
        self.model = "small"

    def on_connect(self, conn: acp.Client) -> None:
        self.client = conn

    async def initialize(
        self, protocol_version: int, client_capabilities: Any = None, client_info: Any = None, **_: Any
    ) -> Any:
        assert client_capabilities.elicitation.form is not None
        able = schema.AgentCapabilities(
            load_session=True,
            mcp_capabilities=schema.McpCapabilities(http=True, sse=False),
            prompt_capabilities=schema.PromptCapabilities(image="BLIND" not in os.environ),
        )
        info = schema.Implementation(name="double", title="Double", version="1.0")
        return schema.InitializeResponse(protocol_version=1, agent_capabilities=able, agent_info=info)

    async def new_session(self, cwd: str, mcp_servers: list[Any] | None = None, **_: Any) -> Any:
        servers = ", ".join(f"{server.name} {server.url} {server.headers[0].value}" for server in mcp_servers or [])
        self.how = f"new in {cwd} with {servers or 'no servers'}"
        modes = schema.SessionModeState(
            current_mode_id="slow",
            available_modes=[schema.SessionMode(id="slow", name="Slow"), schema.SessionMode(id="fast", name="Fast")],
        )
        return schema.NewSessionResponse(session_id="s-1", modes=modes, config_options=[self.models()])

    def models(self) -> schema.SessionConfigOptionSelect:
        offered = [schema.SessionConfigSelectOption(name=one.title(), value=one) for one in ("small", "large")]
        return schema.SessionConfigOptionSelect(
            id="llm", name="Model", category="model", type="select", current_value=self.model, options=offered
        )

    async def set_config_option(self, config_id: str, session_id: str, value: str | bool, **_: Any) -> Any:
        assert config_id == "llm", config_id
        self.model = str(value)
        return schema.SetSessionConfigOptionResponse(config_options=[self.models()])

    async def load_session(self, cwd: str, session_id: str, mcp_servers: Any = None, **_: Any) -> Any:
        if session_id == "gone":
            raise acp.RequestError(-32603, "no such session")
        self.how = f"loaded {session_id}"
        await self.tell(helpers.update_agent_message_text("an old message"), session_id)
        cost = schema.Cost(amount=1.0, currency="USD")
        await self.tell(schema.UsageUpdate(session_update="usage_update", used=1, size=2, cost=cost), session_id)
        if session_id == "late" and self.tasks is not None:
            self.tasks.create_task(self.remember(session_id))
        return schema.LoadSessionResponse()

    async def remember(self, session: str) -> None:
        """Goes on with its past after it has answered, as Gemini CLI does."""
        for _ in range(200):
            await self.tell(helpers.update_agent_message_text("a later message" + "." * 2000), session)

    async def set_session_mode(self, mode_id: str, session_id: str, **_: Any) -> Any:
        self.how += f", mode {mode_id}"
        return schema.SetSessionModeResponse()

    async def cancel(self, session_id: str, **_: Any) -> None:
        Path("cancelled").touch()
        self.cancelled.set()

    async def prompt(self, prompt: list[Any], session_id: str, **_: Any) -> Any:
        self.cancelled.clear()
        self.seen = prompt[1:]
        for line in prompt[0].text.splitlines():
            word, _, rest = line.partition(" ")
            await self.step(word, rest, session_id)
            if self.cancelled.is_set():
                return schema.PromptResponse(stop_reason="cancelled")
        usage = schema.Usage(input_tokens=10, output_tokens=2, total_tokens=12)
        return schema.PromptResponse(stop_reason="end_turn", usage=usage)

    async def tell(self, update: Any, session: str = "s-1") -> None:
        await self.client.session_update(session_id=session, update=update)

    async def say(self, text: str) -> None:
        third = len(text) // 3 + 1
        self.messages += 1
        for start in range(0, len(text), third):
            chunk = helpers.update_agent_message_text(text[start : start + third])
            chunk.message_id = f"m{self.messages}"
            await self.tell(chunk)

    def sandbox_view(self) -> str:
        shown = (f"{one.mime_type} of {len(base64.b64decode(one.data))}" for one in self.seen)
        return f"sees {', '.join(shown) or 'nothing'}"

    async def step(self, word: str, rest: str, session: str) -> None:
        match word:
            case "say":
                await self.say(rest)
            case "session" | "look":
                await self.say(self.how if word == "session" else self.sandbox_view())
            case "plan":
                first, *others = [helpers.plan_entry(one) for one in rest.split("|")]
                first.status = "in_progress"
                await self.tell(helpers.update_plan([first, *others]))
            case "write":
                await self.write(*rest.split(" ", 1), session=session)
            case "read":
                try:
                    got = await self.client.read_text_file(session_id=session, path=rest)
                    await self.say(f"read: {got.content}")
                except acp.RequestError as error:
                    await self.say(f"refused: {error}")
            case "ask":
                await self.ask(*rest.split("|"), session=session)
            case "leave":
                await self.leave(rest, session)
            case "spend":
                cost = schema.Cost(amount=float(rest), currency="USD")
                await self.tell(schema.UsageUpdate(session_update="usage_update", used=1, size=2, cost=cost))
            case "crash":
                sys.stderr.write("something broke\n")
                os._exit(int(rest))
            case "hang":
                await self.say("hanging")
                await self.tell(helpers.update_plan([]))
                await (self.cancelled.wait() if rest else asyncio.Event().wait())
            case _:
                pass

    async def write(self, name: str, text: str, *, session: str) -> None:
        self.calls += 1
        call, path = f"c{self.calls}", str(Path.cwd() / name)
        diff = helpers.tool_diff_content(path, text)
        await self.tell(helpers.start_tool_call(call, f"Write {name}", kind="edit", content=[diff]))
        await self.client.write_text_file(session_id=session, path=path, content=text)
        await self.tell(
            helpers.update_tool_call(call, status="completed", locations=[schema.ToolCallLocation(path=path)])
        )

    async def ask(self, text: str, *options: str, session: str) -> None:
        shape = schema.ElicitationSchema.model_validate(
            {
                "type": "object",
                "properties": {"which": {"type": "string", "enum": list(options)}},
                "required": ["which"],
            }
        )
        mode = schema.ElicitationFormSessionMode(session_id=session, requested_schema=shape)
        got = await self.client.create_elicitation(message=text, mode=mode)
        await self.say(f"answer: {got.action} {getattr(got, 'content', None)}")

    async def leave(self, command: str, session: str) -> None:
        call = schema.ToolCallUpdate(
            tool_call_id="leave", title=command, kind="execute", raw_input={"command": command, "cwd": "/x"}
        )
        options = [
            schema.PermissionOption(option_id="always", name="Always", kind="allow_always"),
            schema.PermissionOption(option_id="once", name="Once", kind="allow_once"),
            schema.PermissionOption(option_id="no", name="No", kind="reject_once"),
        ]
        got = await self.client.request_permission(session_id=session, tool_call=call, options=options)
        await self.say(f"leave: {getattr(got.outcome, 'option_id', got.outcome.outcome)}")


async def main() -> None:
    double: Any = Double()  # the SDK takes any object with these methods, its type wants all there are
    async with asyncio.TaskGroup() as double.tasks:
        await acp.run_agent(double, use_unstable_protocol=True)


if __name__ == "__main__":
    asyncio.run(main())
