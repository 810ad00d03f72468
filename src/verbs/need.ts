import * as z from 'zod'
import { threadIdOf } from '../codec/envelope/thread-id.ts'
import type { ThreadId } from '../model/ids.ts'
import { reject } from '../model/rejection.ts'
import { ok } from '../model/result.ts'
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
 * node remembers what it said. Another wish under a used key is a CONFLICT. Source: lifecycle.md, entry `open`.
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
    const memory = memoryOf(author)
    const before = memory.get(thread)
    const same = JSON.stringify({ ...wish, wait_ms: 0 })
    if (before !== undefined && before.wish !== same) return reject('CONFLICT', OTHER_WISH, 'idempotency_key')
    if (known !== undefined) {
      return ok({ need: known.need as z.input<typeof envelopeId>, thread, state: 'known' as const })
    }
    if (before !== undefined) return before.answer
    const answer = post(wish, thread, services, signal)
    remember(memory, thread, { wish: same, answer })
    return forgetRefused(memory, thread, answer)
  },
})

const OTHER_WISH = 'this key was used for another wish: choose another key'

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

/** What was refused may be asked for again under the same key. */
async function forgetRefused(memory: Memory, thread: ThreadId, answer: Promise<Posted>): Promise<Posted> {
  try {
    const posted = await answer
    if (!posted.ok) memory.delete(thread)
    return posted
  } catch (fault) {
    memory.delete(thread)
    throw fault
  }
}

const REMEMBERED_MAX = 4_096

interface Asked {
  readonly wish: string
  readonly answer: Promise<Posted>
}

type Memory = Map<ThreadId, Asked>

/** The one that was asked for first is forgotten: by then the hub knows it. */
function remember(memory: Memory, thread: ThreadId, asked: Asked): void {
  const [oldest] = memory.keys()
  if (memory.size >= REMEMBERED_MAX && oldest !== undefined) memory.delete(oldest)
  memory.set(thread, asked)
}

const memories = new WeakMap<object, Memory>()

function memoryOf(author: object): Memory {
  const known: Memory = memories.get(author) ?? new Map()
  memories.set(author, known)
  return known
}
