import { contentCid } from '../../node/home-content.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { contentOf } from './cas-access.ts'

export const casHash = defineCommand({
  path: 'cas hash',
  about: 'Print the CID that a file has as content, without keeping it',
  examples: ['canswarm cas hash report.pdf'],
  arguments: [{ name: 'FILE', about: 'file, or - for standard input; at most 256 MiB' }],
  options: {},
  async run(context, [path]) {
    const bytes = await contentOf(context, path)
    const cid = (await contentCid(bytes)).toString()
    return report('canswarm.cas.hash/1', { cid, bytes: bytes.length }, cid)
  },
})
