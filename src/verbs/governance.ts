/** Acts of governance, which the keys of genesis sign. Source: economy.md, "Registry, marketplace, channels, governance, breakers". */
import * as z from 'zod'
import { equalBytes } from '../codec/bytes.ts'
import { CID } from '../codec/cid.ts'
import { encodeDagCbor } from '../codec/dag-cbor/encode.ts'
import { decodeGovernanceBody, type GovernanceBody } from '../codec/entry/hub-command.ts'
import { challengeKey } from '../core/bucket/tables.ts'
import { ALL } from '../core/ledger/tables.ts'
import { votesNeeded } from '../core/system/commands/govern.ts'
import type { Settings } from '../core/system/tables.ts'
import { assert } from '../model/fault.ts'
import type { Did } from '../model/ids.ts'
import { reject } from '../model/rejection.ts'
import { ok } from '../model/result.ts'
import { linkOf } from './cancel.ts'
import { count, did, envelopeId, needId, nothing, timeMs } from './fields.ts'
import { placeOf } from './need-view.ts'
import type { NodeServices } from './services.ts'
import { defineVerb, type Handled, notFound } from './verb.ts'

const rules = z.strictObject({
  keys: z.array(did).describe('whose signatures count'),
  signs: z.boolean().describe("this node's own key is one of them"),
  needed_at_once: count.describe('signatures with which an act is in force at once'),
  needed: count.describe('signatures with which it is in force after the time-lock'),
  time_lock_ms: count,
})

const act = z.record(z.string(), z.json()).describe('its kind, and what it says')

/** What the keys of genesis have signed or are to sign. */
export const governance = defineVerb({
  name: 'governance',
  summary: 'Who governs the network, the acts that wait for signatures, and those that wait for their time',
  input: nothing,
  output: rules.extend({
    last: count.describe('number of the last act that the hub took'),
    signing: z
      .array(
        z.strictObject({
          nonce: count,
          act,
          signed_by: z.array(did),
          refused: z.string().nullable().describe('what the hub said to it'),
        }),
      )
      .describe('the hub has not taken them yet; on a voter: all that it heard of'),
    waiting: z
      .array(z.strictObject({ nonce: count, act, at: timeMs }))
      .describe('in force from that slot time on'),
  }),
  rejects: [],
  handle: (_input, { heart, identity }) => {
    const hub = heart.hub()
    const waiting = hub.keys('acts').flatMap((key) => {
      const pending = hub.get('acts', key)
      const body = pending === undefined ? undefined : decodeGovernanceBody(pending.body)
      if (pending === undefined || body?.ok !== true) return []
      return [{ nonce: body.value.nonce, act: shown(body.value), at: pending.at }]
    })
    const signing = heart.acts.held().map(({ body, voters, refused }) => ({
      nonce: body.nonce,
      act: shown(body),
      signed_by: [...voters],
      refused: refused ?? null,
    }))
    return ok({ ...rulesOf(settingsOf(heart), identity.did), last: lastOf(heart), signing, waiting })
  },
})

/** What people came to about a challenge that no committee could decide. Source: economy.md, "Challenges" (governance vote). */
export const governReview = defineVerb({
  name: 'governReview',
  summary: "Sign, with this node's key, what people came to about a challenge in review",
  input: z.strictObject({
    need: needId,
    challenge: envelopeId.describe('id of the CHALLENGE_COMMIT'),
    outcome: z.enum(['upheld', 'rejected']),
  }),
  output: rules.extend({ nonce: count, signed_by: z.array(did) }),
  rejects: ['not-found', 'WINDOW_CLOSED', 'NOT_IN_COMMITTEE'],
  handle: ({ need, challenge, outcome }, services) => {
    const { heart, identity } = services
    const isReviewed = judgeReview(services, need, challenge)
    if (!isReviewed.ok) return isReviewed
    const settings = settingsOf(heart)
    if (!settings.governance.includes(identity.did))
      return reject('NOT_IN_COMMITTEE', `${identity.did} is none of the keys that govern this network`)
    const wanted = { kind: 'review' as const, need: linkOf(need), challenge: linkOf(challenge), outcome }
    const body = { v: 1 as const, nonce: nonceFor(heart, wanted), act: wanted }
    heart.acts.sign(body)
    const held = heart.acts.held().find((one) => isSame(one.body.act, wanted))
    const signedBy: readonly Did[] = held?.voters ?? [identity.did]
    return ok({ ...rulesOf(settings, identity.did), nonce: body.nonce, signed_by: [...signedBy] })
  },
})

/** The act is for nothing where nobody waits for it. */
function judgeReview(services: NodeServices, need: string, id: string): Handled<undefined> {
  const place = placeOf(services, need)
  const known = place?.view.get('challenges', challengeKey(need, id))
  if (known === undefined) return notFound(`no open challenge ${id} of ${need} is known here`, 'challenge')
  return known.state === 'review'
    ? ok(undefined)
    : reject('WINDOW_CLOSED', `it is ${known.state}, and not in review`, 'challenge')
}

/** Of the same act where others have signed it already; else the next one. */
function nonceFor(heart: NodeServices['heart'], wanted: GovernanceBody['act']): number {
  const held = heart.acts.held()
  const same = held.find(({ body, refused }) => refused === undefined && isSame(body.act, wanted))
  return same?.body.nonce ?? Math.max(lastOf(heart), ...held.map(({ body }) => body.nonce)) + 1
}

function isSame(one: GovernanceBody['act'], other: GovernanceBody['act']): boolean {
  return equalBytes(encodeDagCbor(one), encodeDagCbor(other))
}

function rulesOf(settings: Settings, own: Did): z.input<typeof rules> {
  const { afterLock, atOnce } = votesNeeded(settings)
  return {
    keys: settings.governance as Did[],
    signs: settings.governance.includes(own),
    needed_at_once: atOnce,
    needed: afterLock,
    time_lock_ms: settings.parameters.voteTimeLockMs,
  }
}

function settingsOf(heart: NodeServices['heart']): Settings {
  const settings = heart.hub().get('settings', ALL)
  assert(settings !== undefined, 'an opened hub has settings')
  return settings
}

function lastOf(heart: NodeServices['heart']): number {
  return heart.hub().get('network', ALL)?.nonce ?? 0
}

/** In JSON: an id as its text. */
function shown({ act: done }: GovernanceBody): z.input<typeof act> {
  const entries = Object.entries(done).map(([name, value]) => [
    name,
    value instanceof CID ? value.toString() : (value as z.input<z.ZodJSONSchema>),
  ])
  return Object.fromEntries(entries)
}
