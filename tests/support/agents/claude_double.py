"""Plays Claude Code's stream-json without a model; imports nothing of ours.

Each line of the message is a step: `say TEXT`, `write NAME TEXT`, `leave COMMAND`, `slow SECONDS`, `hang`,
`crash CODE`; see `omp_double.py`.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def chosen_model() -> str:
    return next((word.removeprefix("--model=") for word in sys.argv if word.startswith("--model=")), "m")


class Double:
    """One session."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.calls = 0
        self.cost = 0.0

    def say(self, **frame: Any) -> None:
        sys.stdout.write(json.dumps(frame, separators=(",", ":")) + "\n")
        sys.stdout.flush()

    def read(self) -> dict[str, Any]:
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        frame = json.loads(line)
        if frame["type"] == "control_request":
            if frame["request"]["subtype"] == "interrupt":
                Path("interrupted").touch()
            answer: dict[str, Any] = {"subtype": "success", "request_id": frame["request_id"], "response": {}}
            self.say(type="control_response", response=answer)
        return frame

    def turn(self, text: str) -> None:
        self.say(
            type="system", subtype="init", session_id=self.session, model=chosen_model(), claude_code_version="2.1.197"
        )
        last = ""
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            last = self.step(word, rest) or last
        self.cost += 0.5
        usage = {"m": {"inputTokens": round(20 * self.cost), "outputTokens": 1, "costUSD": self.cost}}
        self.say(type="result", subtype="success", is_error=False, result=last, modelUsage=usage)

    def step(self, word: str, rest: str) -> str:
        match word:
            case "say":
                self.say(type="assistant", message={"content": [{"type": "text", "text": rest}]})
                return rest
            case "write":
                name, _, text = rest.partition(" ")
                Path(name).write_text(text, encoding="utf-8")
                self.tool(
                    "Write",
                    {"file_path": name},
                    {"filePath": name, "structuredPatch": [], "type": "create", "content": text},
                )
            case "slow":
                self.tool("Bash", {"command": "make -j8"}, {}, seconds=float(rest))
            case "leave":
                self.calls += 1
                request = {"subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": rest}}
                self.say(type="control_request", request_id=f"r{self.calls}", request=request)
                while (frame := self.read())["type"] != "control_response":
                    pass
                return self.step("say", json.dumps(frame["response"]["response"]))
            case "hang":
                self.step("say", "hanging")
                if rest:
                    while self.read().get("request", {}).get("subtype") != "interrupt":
                        pass
                else:
                    time.sleep(600)  # it hangs until it is ended
            case "crash":
                sys.stderr.write("something broke\n")
                sys.stderr.flush()
                os._exit(int(rest))
            case _:
                pass
        return ""

    def tool(self, name: str, arguments: dict[str, Any], result: dict[str, Any], *, seconds: float = 0) -> None:
        self.calls += 1
        call = f"t{self.calls}"
        self.say(
            type="assistant", message={"content": [{"type": "tool_use", "id": call, "name": name, "input": arguments}]}
        )
        time.sleep(seconds)  # a tool that says nothing while it works
        done = {"type": "tool_result", "tool_use_id": call, "content": "ok"}
        self.say(type="user", message={"content": [done]}, tool_use_result=result)


def main() -> None:
    assert "--permission-prompt-tool" in sys.argv, sys.argv
    assert sys.argv[sys.argv.index("--setting-sources") + 1] == "user", sys.argv
    resumed = next((word.removeprefix("--resume=") for word in sys.argv if word.startswith("--resume=")), None)
    double = Double(resumed or "session-1")
    if resumed == "gone":  # as the real one does, once it is told something
        double.read()
        double.say(type="result", subtype="error_during_execution", is_error=True, session_id="x")
        sys.exit(1)
    while True:
        frame = double.read()
        if frame["type"] == "user":
            double.turn(frame["message"]["content"])


if __name__ == "__main__":
    main()
