// Pushes what OpenCode does to Ompycord. Written by `ompycord integrations opencode`; `--remove` takes it out again.
// The key comes from OMPYCORD_KEY or from the file that `--save-key` wrote; it stands nowhere in here.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

const address = `${process.env.OMPYCORD_URL || "@URL@"}/hooks/opencode/${encodeURIComponent("@RUN@").replace("%40", "@")}`
const LONGEST = 16000 // characters of a text: the sidecar takes 256 KiB a post
const PATIENCE_MS = 5000
const TOLD = new Set([
  "session.created", "session.diff", "session.idle", "session.error", "message.part.updated", "todo.updated",
  "permission.asked", "permission.updated", "question.asked",
])

function key() {
  if (process.env.OMPYCORD_KEY) return process.env.OMPYCORD_KEY
  try {
    return readFileSync(join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "ompycord", "key"), "utf8").trim()
  } catch {
    return ""
  }
}

const short = (_, value) =>
  typeof value === "string" && value.length > LONGEST ? value.slice(0, LONGEST) : value

// A part is told while it grows; only what begins, and what has ended, is worth a post.
const isWorthIt = (part) =>
  part.type === "text" ? !part.time || part.time.end : part.type === "tool" ? part.state?.status !== "pending" : part.type === "step-finish"

export const Ompycord = async ({ directory }) => {
  const bearer = key()
  if (!bearer) return {}
  const headers = { "content-type": "application/json", authorization: `Bearer ${bearer}` }
  const helpers = new Set()
  const waiting = []
  let isSending = false
  // One after another, in their order; a sidecar that is not there is no trouble of OpenCode's.
  const send = async () => {
    if (isSending) return
    isSending = true
    while (waiting.length) {
      await fetch(address, { method: "POST", headers, body: waiting[0], signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => {})
      waiting.shift()
    }
    isSending = false
  }
  // `opencode run` ends its process at the very moment at which it tells of the end: the rest is sent by a process of its own.
  process.on("exit", () => {
    if (!waiting.length) return
    const script = `const [address, headers, bodies] = JSON.parse(await new Response(Bun.stdin.stream()).text())
      for (const body of bodies) await fetch(address, { method: "POST", headers, body }).catch(() => {})`
    const input = JSON.stringify([address, headers, waiting])
    spawnSync(process.execPath, ["-e", script], { input, timeout: PATIENCE_MS, env: { ...process.env, BUN_BE_BUN: "1" } })
  })
  return {
    event: async ({ event }) => {
      const told = event.properties ?? {}
      if (told.info?.parentID && event.type === "session.created") helpers.add(told.info.id)
      const session = told.sessionID ?? told.part?.sessionID ?? told.info?.id
      const isRetry = event.type === "session.status" && told.status?.type === "retry"
      if (!(TOLD.has(event.type) || isRetry) || helpers.has(session) || (told.part && !isWorthIt(told.part))) return
      waiting.push(JSON.stringify({ kind: "event", directory, event }, short))
      await send()
    },
  }
}
