"""Plays oh-my-pi over its RPC without a model: `python omp_double.py --mode rpc-ui --cwd CLONE [--resume=ID]`.

Imports nothing of ours.

Each line of the prompt is a step; what people said and no step took is told back at the end:

    say TEXT          a message
    write NAME TEXT   a tool that writes a file
    ask QUESTION|A|B  a question with options
    leave COMMAND     leave to run a command
    hear              waits for a person's word and repeats it
    crash CODE        ends the program at once
    hang              reads nothing any more; `hang politely` does nothing but read
    rush              a hundred progress frames, and one frame of two mebibytes
"""

import json
import os
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any


class Double:
    """One session."""

    def __init__(self, session: str | None) -> None:
        self.session = session or "session-1"
        self.words: deque[str] = deque()
        self.replies: dict[str, dict[str, Any]] = {}
        self.calls = 0
        self.is_working = False

    def say(self, **frame: Any) -> None:
        sys.stdout.write(json.dumps(frame, separators=(",", ":")) + "\n")
        sys.stdout.flush()

    def read(self) -> None:
        """One frame of the client."""
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        frame = json.loads(line)
        kind, id_ = frame["type"], frame.get("id")
        if kind == "extension_ui_response":
            self.replies[id_] = frame
            return
        data = {"sessionId": self.session, "isStreaming": self.is_working, "queuedMessageCount": 0}
        more = {"data": data} if kind == "get_state" else {}
        self.say(id=id_, type="response", command=kind, success=True, **more)
        if kind in {"steer", "follow_up"}:
            self.words.append(frame["message"])
        elif kind == "abort":
            Path("aborted").touch()
        if kind == "prompt" or (kind == "steer" and not self.is_working):
            self.work(frame["message"])

    def work(self, prompt: str) -> None:
        self.is_working = True
        self.say(type="agent_start")
        for line in prompt.splitlines():
            word, _, rest = line.partition(" ")
            self.step(word, rest)
        while self.words:
            self.message(f"heard: {self.words.popleft()}", "toolUse")
        last = self.message("That is all.", "stop")
        self.is_working = False
        self.say(type="agent_end", messages=[last], isTerminal=True)

    def step(self, word: str, rest: str) -> None:
        match word:
            case "say":
                self.message(rest, "toolUse")
            case "write":
                name, _, text = rest.partition(" ")
                Path(name).write_text(text, encoding="utf-8")
                self.tool("write", {"path": name, "content": text}, {})
            case "ask":
                title, *options = rest.split("|")
                self.message(f"answer: {self.dialog(title, [*options, 'Other (type your own)'])}", "toolUse")
            case "leave":
                self.message(self.dialog(f"Allow tool: bash\nCommand: {rest}", ["Approve", "Deny"]), "toolUse")
            case "hear":
                self.message("listening", "toolUse")
                while not self.words:
                    self.read()
                self.message(f"heard: {self.words.popleft()}", "toolUse")
            case "crash":
                sys.stderr.write("something broke\n")
                os._exit(int(rest))
            case "hang":
                self.message("hanging", "toolUse")
                while rest:
                    self.read()
                time.sleep(600)  # it hangs until it is ended
            case "rush":
                for number in range(100):
                    text = {"content": [{"type": "text", "text": f"step {number}"}]}
                    self.say(type="tool_execution_update", toolCallId="r", toolName="bash", partialResult=text)
                self.message("x" * 2_097_152, "toolUse")
            case _:
                pass

    def dialog(self, title: str, options: list[str]) -> str:
        self.calls += 1
        id_ = f"d{self.calls}"
        self.say(type="extension_ui_request", id=id_, method="select", title=title, options=options)
        while id_ not in self.replies:
            self.read()
        value = str(self.replies.pop(id_).get("value"))
        if not value.startswith("Other"):
            return value
        self.say(type="extension_ui_request", id=f"{id_}e", method="editor", title=title + "\n\nEnter your response:")
        while f"{id_}e" not in self.replies:
            self.read()
        return str(self.replies.pop(f"{id_}e").get("value"))

    def tool(self, name: str, args: dict[str, Any], details: dict[str, Any]) -> None:
        self.calls += 1
        call = {"toolCallId": f"c{self.calls}", "toolName": name}
        self.say(type="tool_execution_start", **call, args=args)
        self.say(type="tool_execution_end", **call, result={"content": [], "details": details}, isError=False)

    def message(self, text: str, stop: str) -> dict[str, Any]:
        usage = {"input": 10, "output": 2, "cacheRead": 0, "cacheWrite": 0, "cost": {"total": 0.5}}
        content = [{"type": "text", "text": text}]
        model = sys.argv[sys.argv.index("--model") + 1] if "--model" in sys.argv else "m"
        message = {"role": "assistant", "content": content, "stopReason": stop, "usage": usage, "model": model}
        self.say(type="message_update", assistantMessageEvent={"partial": message})
        self.say(type="message_end", message=message)
        return message


def main() -> None:
    if "--version" in sys.argv:
        where, _, version = os.environ.get("DOUBLE_VERSION", "stdout omp/18.2.3").partition(" ")
        (sys.stdout if where == "stdout" else sys.stderr).write(f"{version}\n")
        return
    assert sys.argv[1:4] == ["--mode", "rpc-ui", "--cwd"], sys.argv
    assert Path.cwd().name == "home", "it would read the repository's .env"
    os.chdir(sys.argv[4])
    resumed = next((word.removeprefix("--resume=") for word in sys.argv if word.startswith("--resume=")), None)
    if resumed == "gone":
        sys.stderr.write("Session not found\n")
        sys.exit(1)
    double = Double(resumed)
    double.say(type="ready")
    if resumed:
        double.message(f"resumed {resumed}", "toolUse")
    while True:
        double.read()


if __name__ == "__main__":
    main()
