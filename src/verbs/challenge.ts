import * as z from 'zod'
import { encodeDagCbor } from '../codec/dag-cbor/encode.ts'
import { challengeCommitment } from '../codec/payload/commitments.ts'
import { PROOF_BYTES_MAX } from '../codec/payload/content.ts'
import type { Payload } from '../codec/payload/verbs.ts'
import { PROOF_OF_MODE } from '../core/agent/challenger.ts'
import { challengeKey, committeeKey } from '../core/bucket/tables.ts'
import { termsOf } from '../core/bucket/terms.ts'
import { challengeBond } from '../core/market/bounds.ts'
import type { ThreadId } from '../model/ids.ts'
import { microText } from '../model/micro.ts'
import { type Rejection, reject } from '../model/rejection.ts'
import { ok, type Result } from '../model/result.ts'
import type { ProofType } from '../model/task.ts'
import { linkOf } from './cancel.ts'
import { cidOfText, contentCid, count, envelopeId, micro, needId } from './fields.ts'
import { placeOf } from './need-view.ts'
import type { NodeServices } from './services.ts'
import { defineVerb, notFound } from './verb.ts'

const SALT_BYTES = 32

/** Owner of the pins that keep what a challenge will show until it was shown. */
export function challengeOwner(need: string): string {
  return `challenge/${need}`
}

const evidence = z.union([
  z.strictObject({ text: z.string().max(PROOF_BYTES_MAX) }),
  z.strictObject({ base64: z.base64().max(PROOF_BYTES_MAX * 2) }),
  z.strictObject({ cid: contentCid, size: count }),
])

type Evidence = z.output<typeof evidence>

/**
 * Commits to a challenge at once; what it shows is kept, and said as soon as the bond is locked, after a restart too (see
 * `openChallenges`). Source: economy.md, "Challenges"; lifecycle.md, entry `challenge`.
 */
export const challenge = defineVerb({
  name: 'challenge',
  summary:
    "Say that a need's accepted result is wrong, or that the rejection of one's own is: bonds credits, then shows the proof",
  input: z.strictObject({
    need: needId,
    proof_type: z
      .enum([
        'SCHEMA_VIOLATION',
        'MISSING_CITATION',
        'SEMANTIC_CONTRADICTION',
        'OUTPUT_MISMATCH',
        'POLICY_BREACH',
      ])
      .exactOptional()
      .describe('what is wrong with it; by how the need is judged, unless it is said'),
    evidence: evidence.default({ text: '' }).describe('what proves it, at most 10 KiB'),
    gas: count.default(0).describe('gas that checking it takes'),
  }),
  output: z.strictObject({ challenge: envelopeId, bond: micro.describe('micro-credits that are locked') }),
  rejects: ['not-found', 'WINDOW_CLOSED', 'CONFLICT', 'INSUFFICIENT_FUNDS', 'POLICY_DENIED'],
  handle: async (input, services) => {
    const target = targetOf(services, input.need)
    if (!target.ok) return target
    const { thread, attempt, bondOf, isOwn } = target.value
    const proof = proofOf(services, input, isOwn)
    if (!proof.ok) return proof
    const bond = bondOf(proof.value)
    const free = services.heart.hub().get('accounts', services.author.did)?.balance ?? 0n
    if (free < bond) return reject('INSUFFICIENT_FUNDS', `the bond is ${bond}, ${free} are free`)
    const shown = shownOf(services, { ...input, proof_type: proof.value }, attempt)
    await keepShown(services, input.need, shown)
    const hash = challengeCommitment(services.heart.net, services.author.did, shown, services.sha256)
    const commit = { need_id: shown.need_id, attempt, bond: microText(bond), hash }
    const said = await services.author.say(thread, 'CHALLENGE_COMMIT', commit)
    return said.ok ? ok({ challenge: said.value.id, bond: microText(bond) }) : said
  },
})

/** The accepted result, or the rejection of this node's own work. */
function targetOf(services: NodeServices, need: string) {
  const place = placeOf(services, need)
  const terms = place === undefined ? undefined : termsOf(place.view, need)
  if (place === undefined || terms === undefined)
    return notFound(`no open need ${need} is known here`, 'need')
  const { state, rejections } = place.need
  const own = rejections.find(
    ({ worker, challenge: known }) => worker === services.author.did && known === undefined,
  )
  if (state !== 'FINAL' && own === undefined)
    return reject(
      'WINDOW_CLOSED',
      `it is ${state}: an accepted result is challenged, or one's own rejection`,
      'need',
    )
  const attempt = own?.attempt ?? place.need.attempt
  const bondOf = (proof: Payload<'CHALLENGE'>['proof_type']) =>
    challengeBond(proof, terms.taskClass, terms.parameters)
  return ok({ thread: terms.thread as ThreadId, attempt, bondOf, isOwn: own !== undefined })
}

/** A proof that no seat looks at would cost its bond for nothing; against a rejection of one's own work, the work itself is looked at. */
function proofOf(
  { heart }: NodeServices,
  { need, proof_type: given }: { readonly need: string; readonly proof_type?: ProofType },
  isOwn: boolean,
): Result<ProofType, Rejection> {
  const mode = heart.needEnvelope(need)?.body.payload.verification.mode
  const fit = PROOF_OF_MODE[mode ?? 'reexecute']
  if (given === undefined) return ok(fit)
  if (isOwn || mode === undefined || given === fit || given === 'POLICY_BREACH') return ok(given)
  const why = `results of this need are judged by ${mode}: ${fit} or POLICY_BREACH can show one wrong`
  return reject('CONFLICT', why, 'proof_type')
}

interface Wish {
  readonly need: string
  readonly proof_type: Payload<'CHALLENGE'>['proof_type']
  readonly evidence: Evidence
  readonly gas: number
}

function shownOf(services: NodeServices, wish: Wish, attempt: number): Payload<'CHALLENGE'> {
  const proof = evidenceOf(wish.evidence)
  return {
    need_id: linkOf(wish.need),
    attempt,
    proof_type: wish.proof_type,
    proof: { size_bytes: 'inline' in proof ? proof.inline.length : proof.size, gas_estimate: wish.gas },
    evidence: proof,
    salt: services.random.bytes(SALT_BYTES),
  }
}

function evidenceOf(given: Evidence) {
  if ('text' in given) return { inline: new TextEncoder().encode(given.text) }
  if ('base64' in given) return { inline: Uint8Array.fromBase64(given.base64) }
  return { cid: cidOfText(given.cid), size: given.size }
}

/** On disk before the commitment leaves: a bond whose challenge cannot be shown is lost. */
async function keepShown(
  { content }: NodeServices,
  need: string,
  shown: Payload<'CHALLENGE'>,
): Promise<void> {
  const cid = await content.putDagCbor(encodeDagCbor({ ...shown }))
  await content.pin(cid, challengeOwner(need))
}

const WITHDRAWN_FROM: ReadonlySet<string> = new Set(['bonding', 'committed', 'revealed'])

export const withdraw = defineVerb({
  name: 'withdraw',
  summary: 'Take a challenge of this node back, before its first verdict',
  input: z.strictObject({ need: needId, challenge: envelopeId.describe('id of the CHALLENGE_COMMIT') }),
  output: z.strictObject({ envelope: envelopeId }),
  rejects: ['not-found', 'WINDOW_CLOSED', 'POLICY_DENIED'],
  handle: async ({ need, challenge: id }, services) => {
    const view = placeOf(services, need)?.view
    const terms = view?.get('terms', need)
    if (view === undefined || terms === undefined)
      return notFound(`no open need ${need} is known here`, 'need')
    const known = view.get('challenges', challengeKey(need, id))
    if (known === undefined) return notFound(`no open challenge ${id} of it is known here`, 'challenge')
    if (known.challenger !== services.author.did)
      return reject('POLICY_DENIED', `it is a challenge of ${known.challenger}`, 'challenge')
    const votes = view.get('committees', committeeKey(need, 'challenge', id))?.votes.length ?? 0
    if (votes > 0 || !WITHDRAWN_FROM.has(known.state))
      return reject('WINDOW_CLOSED', `it is ${known.state}, and ${votes} verdicts are said`, 'challenge')
    const payload = { need_id: linkOf(need), challenge_id: linkOf(id) }
    const said = await services.author.say(terms.thread as ThreadId, 'WITHDRAW', payload)
    return said.ok ? ok({ envelope: said.value.id }) : said
  },
})
