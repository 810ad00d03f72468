/** A process of its own that replays a file as `canswarm replay` does, and says what it took. */
import { replayFile } from '../../src/node/record/replay.ts'

const [path = ''] = process.argv.slice(2)
const started = performance.now()
const { sound, events } = await replayFile({
  path,
  network: undefined,
  anchor: undefined,
  allowUnchecked: new Set(),
  progress: () => undefined,
})
const ms = performance.now() - started
process.stdout.write(JSON.stringify({ sound, events, ms, rssBytes: process.resourceUsage().maxRSS * 1_024 }))
