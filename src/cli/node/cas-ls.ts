import type { KeptContent } from '../../ports/content-store.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { table } from '../table.ts'
import { type CasStore, withContent } from './remote-content.ts'

export const casLs = defineCommand({
  path: 'cas ls',
  about: 'List the content of this home: CID, size, since when, and who pins it',
  examples: ['canswarm cas ls', 'canswarm cas ls --json'],
  arguments: [],
  options: {},
  async run(context) {
    const { contents, usage } = await withContent(context, async (store) => ({
      contents: await allOf(store),
      usage: await store.usage(),
    }))
    const rows = contents.map(({ cid, size, at, owners }) => [cid, String(size), at, owners.join(' ') || '-'])
    const note = `${usage.bytes} bytes in ${usage.blocks} blocks, of ${usage.quotaBytes}`
    const data = { contents, bytes: usage.bytes, blocks: usage.blocks, quota_bytes: usage.quotaBytes }
    return report('canswarm.cas.ls/1', data, table(['cid', 'bytes', 'since', 'pinned by'], rows), {
      notes: [note],
    })
  },
})

const PAGE = 1_000

async function allOf(store: CasStore) {
  const all: KeptContent[] = []
  for (let page = await store.ls({ limit: PAGE }); page.length > 0; ) {
    all.push(...page)
    const after = page.at(-1)?.cid
    page = after === undefined ? [] : await store.ls({ limit: PAGE, after })
  }
  return all.map(({ cid, size, atMs, owners }) => ({
    cid: cid.toString(),
    size,
    at: new Date(atMs).toISOString(),
    owners,
  }))
}
