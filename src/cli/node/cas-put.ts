import { OWN } from '../../node/home-content.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { contentOf } from './cas-access.ts'
import { withContent } from './remote-content.ts'

export const casPut = defineCommand({
  path: 'cas put',
  about: 'Keep a file in the content store of this home, pinned until it is unpinned, and print its CID',
  examples: ['canswarm cas put report.pdf', 'canswarm cas put - --no-pin < data.bin'],
  arguments: [{ name: 'FILE', about: 'file, or - for standard input; at most 256 MiB' }],
  options: { noPin: { type: 'boolean', about: 'garbage after its retention' } },
  async run(context, [path], { noPin }) {
    const bytes = await contentOf(context, path)
    const cid = await withContent(context, async (store) => {
      const put = await store.put(bytes)
      if (!noPin) await store.pin(put, OWN)
      return put
    })
    const data = { cid: cid.toString(), bytes: bytes.length, pinned: !noPin }
    return report('canswarm.cas.put/1', data, data.cid)
  },
})
