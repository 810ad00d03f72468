import * as z from 'zod'
import { content, INLINE_BYTES_MAX, input } from './content.ts'
import {
  chosenKey,
  count,
  did,
  distinct,
  durationMs,
  hash32,
  idLink,
  integer,
  micro,
  name,
  optionalMap,
  text,
} from './fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Idempotency key of every account's own thread, which no NEED may open. Source: protocol.md, "Verbs". */
export const ACCOUNT_KEY = 'account'

const LINKS_MAX = 64
const NAMED_PARTIES_MAX = 16
const CANARY_BYTES_MAX = 4_096

const taskClass = z.enum(['simple', 'complex', 'critical']).describe('how much is at stake')

const constraints = optionalMap({
  zone: name.exactOptional().describe('where the work may be done'),
  deadline: durationMs.exactOptional().describe('time from `open` until the need expires, ms'),
  isolation: z.enum(['vm', 'sandbox', 'none']).exactOptional().describe('least isolation of the worker'),
  gas_limit: count.exactOptional().describe('gas that the work may use'),
  invited: distinct(did, NAMED_PARTIES_MAX, 1).exactOptional().describe('who alone may bid'),
  judges: distinct(did, NAMED_PARTIES_MAX, 1).exactOptional().describe('who alone may judge a sealed input'),
  improving_rounds: integer(0, 3).exactOptional().describe('further rounds in which bids must be better'),
  commit_reveal: z.boolean().exactOptional().describe('verdicts are committed to before they are shown'),
}).describe('limits that the requester sets')

const verification = z
  .discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal('reexecute') }).describe('do it again and compare bytes'),
    z
      .strictObject({ mode: z.literal('schema'), schema: content(INLINE_BYTES_MAX) })
      .describe('the output follows a JSON Schema'),
    z
      .strictObject({ mode: z.literal('citations') })
      .describe('every claim cites spans that exist in the input'),
    z
      .strictObject({ mode: z.literal('judge'), criteria: text(0, 4_096).describe('what to look at') })
      .describe("a verifier's own command gives a verdict and a reason"),
  ])
  .describe('how the result is judged')

const canary = z
  .strictObject({
    input: content(CANARY_BYTES_MAX).describe('the small task'),
    answer_hash: hash32.describe('SHA-256 of the known answer'),
    timeout: durationMs.describe('longest time for an answer, ms'),
  })
  .describe('small task with a known answer, for the best candidates')

/** Source: protocol.md, "Verbs"; economy.md, "Bounties and payout", "Auction, leases, routing"; operations.md, "Agents". */
export const needPayload = payloadSchema('Asks for one task and escrows what it may cost', {
  label: text(1, 200).describe('for people'),
  task_type: name.describe('kind of task'),
  capability: name.describe('what the worker must be able to do'),
  input: input.describe('what the task works on'),
  requires: distinct(idLink, LINKS_MAX).describe('needs whose results this one waits for'),
  produces: distinct(name, LINKS_MAX).describe('names of the outputs'),
  constraints,
  task_class: taskClass,
  budget: micro.describe('most that the worker is paid, micro-credits'),
  verify_bounty: micro.describe('what the seats are paid from, micro-credits'),
  verification,
  idempotency_key: chosenKey
    .refine((key) => key !== ACCOUNT_KEY, `expected another key than ${ACCOUNT_KEY}`)
    .describe('the same key is the same thread: asking again asks for nothing new'),
  canary: canary.exactOptional(),
  parent: idLink.exactOptional().describe('id of the NEED that this is a part of'),
  replaces: idLink.exactOptional().describe('id of an earlier NEED that came to nothing'),
}).refine(isOpenedByTheNamed, {
  path: ['input', 'sealed'],
  error: 'expected boxes to invited and judges, both named, and to nobody else',
})

/**
 * A sealed input is allowed only where worker and judges are named, and each of them gets a box.
 * Source: protocol.md, "Identity".
 */
function isOpenedByTheNamed(need: {
  readonly input: z.output<typeof input>
  readonly constraints: z.output<typeof constraints>
}): boolean {
  if (!('sealed' in need.input)) return true
  const { invited, judges } = need.constraints
  if (invited === undefined || judges === undefined) return false
  const named = new Set([...invited, ...judges])
  const readers = new Set(need.input.sealed.map(({ to }) => to))
  return readers.size === need.input.sealed.length && readers.symmetricDifference(named).size === 0
}
