// Pushes what oh-my-pi does to Ompycord. Written by `ompycord integrations omp`; `--remove` takes it out again.
// The key comes from OMPYCORD_KEY or from the file that `--save-key` wrote; it stands nowhere in here.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const address = `${process.env.OMPYCORD_URL || "@URL@"}/hooks/omp/${encodeURIComponent("@RUN@").replace("%40", "@")}`;
const LONGEST = 16000; // characters of a text: the sidecar takes 256 KiB a post
const PATIENCE_MS = 5000;
const TOLD = [
	"session_start",
	"before_agent_start",
	"tool_execution_start",
	"tool_execution_end",
	"tool_approval_requested",
	"turn_end",
	"auto_retry_start",
	"auto_retry_end",
	"session_shutdown",
];

function key(): string {
	if (process.env.OMPYCORD_KEY) return process.env.OMPYCORD_KEY;
	try {
		return readFileSync(join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "ompycord", "key"), "utf8").trim();
	} catch {
		return "";
	}
}

const short = (_: string, value: unknown) =>
	typeof value === "string" && value.length > LONGEST ? value.slice(0, LONGEST) : value;

export default function (pi: any) {
	const bearer = key();
	if (!bearer) return;
	let line: Promise<unknown> = Promise.resolve();
	const push = (body: unknown) => {
		const init = {
			method: "POST",
			headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
			body: JSON.stringify(body, short),
		};
		// One after another, in their order; a sidecar that is not there is no trouble of omp's.
		line = line.then(() => fetch(address, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) })).catch(() => {});
		return line;
	};
	for (const event of TOLD) {
		pi.on(event, async (data: any, ctx: any) => {
			const session = ctx?.sessionManager?.getSessionId?.();
			const sent = push({ event, cwd: ctx?.cwd, session, data: { ...data, images: undefined } });
			if (event === "session_shutdown") await sent;
		});
	}
}
