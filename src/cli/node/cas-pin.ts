import { OWN } from '../../node/home-content.ts'
import { defineCommand } from '../command.ts'
import { refuse } from '../failure.ts'
import { report } from '../report.ts'
import { CID_ARGUMENT, cidOfText } from './cas-access.ts'
import { withContent } from './remote-content.ts'

export const casPin = defineCommand({
  path: 'cas pin',
  about: 'Keep content of this home from being collected, until it is unpinned',
  examples: ['canswarm cas pin bafk…'],
  arguments: [CID_ARGUMENT],
  options: {},
  async run(context, [text]) {
    const cid = cidOfText(text)
    const isHere = await withContent(context, async (store) => {
      const has = await store.has(cid)
      if (has) await store.pin(cid, OWN)
      return has
    })
    if (!isHere) return refuse('CONFLICT', 'this home has not all of it', cid.toString())
    return report('canswarm.cas.pin/1', { cid: cid.toString(), owner: OWN }, `pinned ${cid.toString()}`)
  },
})

export const casUnpin = defineCommand({
  path: 'cas unpin',
  about: 'Take the pin away that was set by hand; what a need pins stays as long as the need',
  examples: ['canswarm cas unpin bafk…'],
  arguments: [CID_ARGUMENT],
  options: {},
  async run(context, [text]) {
    const cid = cidOfText(text)
    await withContent(context, (store) => store.unpin(OWN, cid))
    return report('canswarm.cas.unpin/1', { cid: cid.toString(), owner: OWN }, `unpinned ${cid.toString()}`)
  },
})
