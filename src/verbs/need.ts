import * as z from 'zod'
import { threadIdOf } from '../codec/envelope/thread-id.ts'
import type { ThreadId } from '../model/ids.ts'
import { ok } from '../model/result.ts'
import { usedKey } from '../services/author/author.ts'
import { envelopeId, threadId } from './fields.ts'
import { sayToHub } from './hub-verdict.ts'
import { type NeedInput, needInput, needPayloadOf } from './need-input.ts'
import type { NodeServices } from './services.ts'
import { defineVerb, type Handled } from './verb.ts'

const output = z.strictObject({
  need: envelopeId,
  thread: threadId,
  state: z
    .enum(['escrowed', 'posted', 'known'])
    .describe('escrowed: the hub took it; posted: it has not said so yet; known: this key was used before'),
})

type Posted = Handled<z.input<typeof output>>

/**
 * Posts one NEED; repeat-safe by `idempotency_key`: the thread follows from it, the hub escrows it once, and until it has, this
 * node says it once, whatever happens to it. Another wish under a used key is a CONFLICT. Source: lifecycle.md, entry `open`.
 */
export const need = defineVerb({
  name: 'need',
  summary: 'Escrow a budget and ask the network for one task',
  input: needInput,
  output,
  rejects: ['INSUFFICIENT_FUNDS', 'OVER_CAP', 'POLICY_DENIED', 'UNKNOWN_CAPABILITY', 'HALTED', 'CONFLICT'],
  handle: (wish, services, signal) => {
    const { heart, author, sha256 } = services
    const thread = threadIdOf(heart.net, author.did, wish.idempotency_key, sha256)
    const known = heart.hub().get('posted', thread)
    const asked = askedOf(author)
    const before = asked.get(thread)
    const same = JSON.stringify({ ...wish, wait_ms: 0 })
    const isUsed = known !== undefined || before?.answer !== undefined
    if (isUsed && before !== undefined && before.wish !== same) return usedKey()
    if (known !== undefined) {
      return ok({ need: known.need as z.input<typeof envelopeId>, thread, state: 'known' as const })
    }
    if (before?.answer !== undefined) return before.answer
    const answer = post(wish, thread, services, signal)
    remember(asked, thread, { wish: same, answer })
    return settled(asked, thread, answer)
  },
})

async function post(
  wish: NeedInput,
  thread: ThreadId,
  services: NodeServices,
  signal: AbortSignal,
): Promise<Posted> {
  const payload = needPayloadOf(wish)
  if (!payload.ok) return payload
  const said = await sayToHub(services, () => services.author.need(payload.value), wish.wait_ms, signal)
  if (!said.ok) return said
  const { body, outcome } = said.value
  return ok({
    need: body.id,
    thread,
    state: outcome === 'applied' ? ('escrowed' as const) : ('posted' as const),
  })
}

/** What was refused may be asked for again under the same key; of what was said the author knows whether it waits still. */
async function settled(asked: AskedFor, thread: ThreadId, answer: Promise<Posted>): Promise<Posted> {
  const one = asked.get(thread)
  try {
    const posted = await answer
    if (posted.ok) delete one?.answer
    else asked.delete(thread)
    return posted
  } catch (fault) {
    asked.delete(thread)
    throw fault
  }
}

const REMEMBERED_MAX = 4_096

interface Asked {
  readonly wish: string
  /** While it is under way. */
  answer?: Promise<Posted>
}

type AskedFor = Map<ThreadId, Asked>

/** The one that was asked for first is forgotten: by then the hub knows it. */
function remember(all: AskedFor, thread: ThreadId, asked: Asked): void {
  const [oldest] = all.keys()
  if (all.size >= REMEMBERED_MAX && oldest !== undefined) all.delete(oldest)
  all.set(thread, asked)
}

const askedByAuthor = new WeakMap<object, AskedFor>()

function askedOf(author: object): AskedFor {
  const asked: AskedFor = askedByAuthor.get(author) ?? new Map()
  askedByAuthor.set(author, asked)
  return asked
}
