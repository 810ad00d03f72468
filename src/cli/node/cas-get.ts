import { writeFileSync } from 'node:fs'
import { LOCAL_CONTENT_BYTES_MAX } from '../../node/home-content.ts'
import { defineCommand } from '../command.ts'
import { usageError } from '../failure.ts'
import { report } from '../report.ts'
import { CID_ARGUMENT, cidOfText } from './cas-access.ts'
import { withContent } from './remote-content.ts'

export const casGet = defineCommand({
  path: 'cas get',
  about: 'Write content of this home to a file, checked against its CID',
  examples: ['canswarm cas get bafk… --out report.pdf'],
  arguments: [CID_ARGUMENT],
  options: {
    out: { type: 'string', value: 'FILE', about: 'where to, a file that is not there; else ./<CID>' },
  },
  async run(context, [text], { out }) {
    const cid = cidOfText(text)
    const options = { bytesMax: LOCAL_CONTENT_BYTES_MAX }
    const bytes = await withContent(context, (store) => store.get(cid, options))
    const file = out ?? cid.toString()
    try {
      writeFileSync(file, bytes, { flag: 'wx' })
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw usageError(`cannot write ${file}: ${why}`, 'name a file that is not there with --out')
    }
    return report('canswarm.cas.get/1', { cid: cid.toString(), file, bytes: bytes.length }, file)
  },
})
