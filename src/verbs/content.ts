import * as z from 'zod'
import { ok } from '../model/result.ts'
import { cidOfText, contentCid, count, limit, nothing, timeMs } from './fields.ts'
import { defineVerb } from './verb.ts'

const owner = z
  .string()
  .regex(/^[!-~]{1,256}$/u)
  .describe('whose pin: a name such as need/<id>')

export const content = defineVerb({
  name: 'content',
  summary: 'Content that the node keeps, by its CID, and how much room it takes',
  input: z.strictObject({ after: contentCid.exactOptional().describe('last CID of the page before'), limit }),
  output: z.strictObject({
    contents: z.array(
      z.strictObject({
        cid: contentCid,
        size: count,
        at: timeMs,
        pins: z.array(z.string()).describe('owners'),
      }),
    ),
    usage: z.strictObject({
      bytes: count,
      blocks: count,
      contents: count,
      pinned: count,
      quota_bytes: count,
      damaged: count,
    }),
  }),
  rejects: [],
  handle: ({ after, limit: most }, services) => {
    const page = { limit: most, ...(after !== undefined && { after: cidOfText(after) }) }
    const { quotaBytes, ...usage } = services.content.usage()
    const contents = services.content.ls(page).map(({ cid, size, atMs, owners }) => ({
      cid: cid.toString(),
      size,
      at: atMs,
      pins: [...owners],
    }))
    return ok({ contents, usage: { ...usage, quota_bytes: quotaBytes } })
  },
})

export const contentPin = defineVerb({
  name: 'contentPin',
  summary: 'Keep content from being collected, whether it is here already or comes later',
  input: z.strictObject({ cid: contentCid, owner }),
  output: z.strictObject({ cid: contentCid, here: z.boolean() }),
  rejects: [],
  handle: async ({ cid, owner: who }, services) => {
    const link = cidOfText(cid)
    await services.content.pin(link, who)
    return ok({ cid, here: await services.content.has(link) })
  },
})

export const contentUnpin = defineVerb({
  name: 'contentUnpin',
  summary: "Take an owner's pin away, of one content or of all that it pinned",
  input: z.strictObject({ owner, cid: contentCid.exactOptional() }),
  output: z.strictObject({ owner: z.string() }),
  rejects: [],
  handle: async ({ owner: who, cid }, services) => {
    await services.content.unpin(who, cid === undefined ? undefined : cidOfText(cid))
    return ok({ owner: who })
  },
})

export const contentHas = defineVerb({
  name: 'contentHas',
  summary: 'Whether all of some content is here',
  input: z.strictObject({ cid: contentCid }),
  output: z.strictObject({ cid: contentCid, here: z.boolean() }),
  rejects: [],
  handle: async ({ cid }, services) => ok({ cid, here: await services.content.has(cidOfText(cid)) }),
})

const retention = z.discriminatedUnion('keep', [
  z.strictObject({ keep: z.literal('all') }),
  z.strictObject({ keep: z.literal('recent'), ms: count.describe('what is not older') }),
  z.strictObject({
    keep: z.literal('size'),
    bytes_max: count.describe('the youngest, up to so many bytes in all'),
  }),
])

export const contentGc = defineVerb({
  name: 'contentGc',
  summary: 'Remove what is not pinned and not retained',
  input: z.strictObject({
    retention: retention.exactOptional().describe('what of the unpinned is kept; else by the setting'),
  }),
  output: z.strictObject({ contents: count, blocks: count, bytes: count }),
  rejects: [],
  handle: async ({ retention: wish }, services) => {
    const kept = wish?.keep === 'size' ? { keep: wish.keep, bytesMax: wish.bytes_max } : wish
    const collected = await services.content.gc(kept)
    return ok({ ...collected })
  },
})

export const contentVerify = defineVerb({
  name: 'contentVerify',
  summary: 'Read every block and hold it against its CID',
  input: nothing,
  output: z.strictObject({ blocks: count, damaged: z.array(z.string()), incomplete: z.array(contentCid) }),
  rejects: [],
  handle: async (_input, services) => {
    const { blocks, damaged, incomplete } = await services.content.verify()
    return ok({ blocks, damaged: [...damaged], incomplete: incomplete.map(String) })
  },
})
