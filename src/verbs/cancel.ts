import * as z from 'zod'
import { type CID, parseCid } from '../codec/cid.ts'
import { reject } from '../model/rejection.ts'
import { ok } from '../model/result.ts'
import { envelopeId, needId } from './fields.ts'
import { defineVerb, notFound } from './verb.ts'

/** Only while it is OPEN: the answer says that it was asked for, the need's state whether it was done. */
export const cancel = defineVerb({
  name: 'cancel',
  summary: 'Take a need of this node back while it is OPEN',
  input: z.strictObject({ need: needId }),
  output: z.strictObject({ need: envelopeId, envelope: envelopeId }),
  rejects: ['not-found', 'WINDOW_CLOSED', 'POLICY_DENIED'],
  handle: async ({ need: id }, { heart, author }) => {
    const posted = heart.needEnvelope(id)
    if (posted === undefined) return notFound(`no open need ${id} is known here`, 'need')
    if (posted.body.sender !== author.did) {
      return reject('POLICY_DENIED', `it is a need of ${posted.body.sender}`, 'need')
    }
    const bucket = heart.bucketOf(id)
    const state = bucket === undefined ? undefined : heart.bucket(bucket).get('needs', id)?.state
    if (state !== 'OPEN') return reject('WINDOW_CLOSED', `it is ${state ?? 'WAITING'}, not OPEN`, 'need')
    const said = await author.say(posted.body.thread, 'CANCEL', { need_id: linkOf(id) })
    return said.ok ? ok({ need: id, envelope: said.value.id }) : said
  },
})

/** The link that an id's text stands for. */
export function linkOf(id: string): CID {
  const cid = parseCid(id)
  if (!cid.ok) throw new TypeError(`not an id: ${id}`)
  return cid.value
}
