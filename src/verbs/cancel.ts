import * as z from 'zod'
import { type CID, parseCid } from '../codec/cid.ts'
import type { ReadBody } from '../codec/envelope/read-body.ts'
import type { EnvelopeId, ThreadId } from '../model/ids.ts'
import { type Rejection, reject } from '../model/rejection.ts'
import { ok, type Result } from '../model/result.ts'
import { envelopeId, needId } from './fields.ts'
import { sayToHub } from './hub-verdict.ts'
import type { NodeServices } from './services.ts'
import { defineVerb, type Handled, notFound } from './verb.ts'

/** How long the hub's word on a need that waits is waited for. */
const WAIT_MS = 10_000

const cancelled = z.strictObject({
  need: envelopeId,
  envelope: envelopeId,
  done: z.boolean().describe('it is taken back; else its bucket is asked'),
})

/** Before anybody may have bid: the hub says at once; a bucket's answer is that it was asked for, the need's state whether it was done. */
export const cancel = defineVerb({
  name: 'cancel',
  summary: 'Take a need of this node back while it is WAITING or OPEN',
  input: z.strictObject({ need: needId }),
  output: cancelled,
  rejects: ['not-found', 'WINDOW_CLOSED', 'POLICY_DENIED'],
  handle: async ({ need: id }, services, signal) => {
    const { heart, author } = services
    const place = placeOf(heart, id)
    if (place === undefined) return notFound(`no open need ${id} is known here`, 'need')
    if (place.requester !== author.did)
      return reject('POLICY_DENIED', `it is a need of ${place.requester}`, 'need')
    const say = () => author.say(place.thread, 'CANCEL', { need_id: linkOf(id) })
    if (place.state === 'WAITING') return await cancelAtHub(services, id, say, signal)
    if (place.state !== 'OPEN') return reject('WINDOW_CLOSED', `it is ${place.state}, not OPEN`, 'need')
    const said = await say()
    return said.ok ? ok({ need: id, envelope: said.value.id, done: false }) : said
  },
})

interface Place {
  readonly requester: string
  readonly thread: ThreadId
  readonly state: string
}

function placeOf(heart: NodeServices['heart'], id: string): Place | undefined {
  const bucket = heart.bucketOf(id)
  if (bucket === undefined) {
    const waiting = heart.hub().get('needs', id)
    if (waiting === undefined) return undefined
    return { requester: waiting.requester, thread: waiting.key as ThreadId, state: 'WAITING' }
  }
  const posted = heart.needEnvelope(id)
  const state = heart.bucket(bucket).get('needs', id)?.state ?? 'WAITING'
  return posted === undefined
    ? undefined
    : { requester: posted.body.sender, thread: posted.body.thread, state }
}

/** A bucket may have got it meanwhile, which then has the CANCEL, too. */
async function cancelAtHub(
  services: NodeServices,
  need: EnvelopeId,
  say: () => Promise<Result<ReadBody, Rejection>>,
  signal: AbortSignal,
): Promise<Handled<z.input<typeof cancelled>>> {
  let envelope: EnvelopeId | undefined
  const told = await sayToHub(
    services,
    async () => {
      const said = await say()
      if (said.ok) envelope = said.value.id
      return said
    },
    WAIT_MS,
    signal,
  )
  if (told.ok) return ok({ need, envelope: told.value.body.id, done: told.value.outcome === 'applied' })
  return told.error.code === 'CONFLICT' && envelope !== undefined ? ok({ need, envelope, done: false }) : told
}

/** The link that an id's text stands for. */
export function linkOf(id: string): CID {
  const cid = parseCid(id)
  if (!cid.ok) throw new TypeError(`not an id: ${id}`)
  return cid.value
}
