/**
 * The program of a verifier that does no work: it waits until another seat's verdict is to be seen on its own node, and
 * prints the result that this one has accepted. Argument: the socket of the node's API.
 */
import { readFileSync } from 'node:fs'
import { ApiClient } from '../../src/sdk/client.ts'

const ROUND_MS = 100
const [, , socketPath = ''] = process.argv
const { task } = JSON.parse(readFileSync(0, 'utf8')) as { task: { need: never } }
const api = new ApiClient({ socketPath })

for (;;) {
  if (await isJudged()) break
  await new Promise((resolve) => setTimeout(resolve, ROUND_MS))
}
const artifact = await api.needArtifact(task.need)
if (!artifact.ok) throw new Error(artifact.error.message)
process.stdout.write(artifact.value)

async function isJudged(): Promise<boolean> {
  const shown = await api.call('needShow', { need: task.need })
  const thread = shown.ok ? shown.value.thread : null
  if (thread === null) return false
  const said = await api.call('threadShow', { thread, limit: 1_000 })
  return said.ok && said.value.envelopes.some(({ kind }) => kind === 'ATTEST')
}
