import * as z from 'zod'
import { name } from '../codec/payload/fields.ts'
import type { MicroText } from '../model/micro.ts'
import { reject } from '../model/rejection.ts'
import { ok } from '../model/result.ts'
import { cidOfText, contentCid, count, LIST_MAX, micro, nothing, timeMs } from './fields.ts'
import type { AgentWay, AttachedAgent } from './services.ts'
import { defineVerb, notFound } from './verb.ts'

const agentName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/u)
  .describe('unique in the node')

const command = z.array(z.string().max(4_096)).min(1).max(256)

const way = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('exec'),
    command,
    unsafe: z.boolean().default(false).describe('without a sandbox'),
  }),
  z.strictObject({ kind: z.literal('wasm'), module: contentCid.describe('CID of the module, put before') }),
  z
    .strictObject({
      kind: z.literal('parts'),
      split: command,
      join: command,
      unsafe: z.boolean().default(false).describe('without a sandbox'),
    })
    .describe('asks others for the parts that `split` names, and makes the result of theirs with `join`'),
  z
    .strictObject({ kind: z.literal('hand') })
    .describe('somebody drives it: propose, claim, heartbeat, commit, yield, attest'),
  z.strictObject({ kind: z.literal('http'), url: z.url({ protocol: /^https?$/u }) }),
  z.strictObject({ kind: z.literal('mcp'), command }),
])

const agent = z.strictObject({
  name: agentName,
  capability: z.string(),
  way,
  price: micro,
  parallel: count,
  works: z.boolean(),
  judges: z.boolean(),
  challenges: z.boolean(),
  state: z
    .enum(['joining', 'ready', 'busy', 'failing'])
    .describe('joining: the registry does not name it yet'),
  running: count,
  done: count,
  failed: count,
  last_error: z.string().nullable(),
})

export const agents = defineVerb({
  name: 'agents',
  summary: 'Attached agents and what they do',
  input: nothing,
  output: z.strictObject({ agents: z.array(agent) }),
  rejects: [],
  handle: (_input, services) => ok({ agents: services.agents.list().map(shown) }),
})

export const agentAdd = defineVerb({
  name: 'agentAdd',
  summary: 'Attach a capability: from now on the node bids for its tasks, or judges them',
  input: z.strictObject({
    name: agentName,
    capability: name,
    way,
    price: micro.default('1000000' as MicroText).describe('what a bid asks for, micro-credits'),
    parallel: z.int().min(1).max(256).default(1).describe('tasks at once'),
    works: z.boolean().default(true),
    judges: z.boolean().default(false).describe('judges the work of others, once registered as a verifier'),
    challenges: z
      .boolean()
      .default(false)
      .describe('does accepted tasks of others again, and challenges wrong results: a bond is at stake'),
  }),
  output: agent,
  rejects: ['CONFLICT'],
  handle: async (input, services) => {
    const { price, parallel, way: how, ...rest } = input
    const spec = { ...rest, way: wayOf(how), priceMicro: BigInt(price), parallelMax: parallel }
    const attached = await services.agents.add(spec)
    if (attached === undefined)
      return reject('CONFLICT', `an agent ${input.name} is attached already`, 'name')
    return ok(shown(attached))
  },
})

export const agentRemove = defineVerb({
  name: 'agentRemove',
  summary: 'Detach an agent; what it works on is given up (YIELD)',
  input: z.strictObject({ name: agentName }),
  output: z.strictObject({ name: agentName }),
  rejects: ['not-found'],
  handle: async ({ name: which }, services) =>
    (await services.agents.remove(which))
      ? ok({ name: which })
      : notFound(`no agent ${which} is attached`, 'name'),
})

export const agentLogs = defineVerb({
  name: 'agentLogs',
  summary: 'What attached agents did and said last',
  input: z.strictObject({
    name: agentName.exactOptional(),
    last: z.int().min(1).max(LIST_MAX).default(100),
  }),
  output: z.strictObject({
    lines: z.array(
      z.strictObject({ agent: z.string(), at: timeMs, need: z.string().nullable(), text: z.string() }),
    ),
  }),
  rejects: [],
  handle: ({ name: which, last }, services) => {
    const lines = services.agents.logs(which, last)
    return ok({
      lines: lines.map(({ agent: of, atMs, need, text }) => ({
        agent: of,
        at: atMs,
        need: need ?? null,
        text,
      })),
    })
  },
})

function wayOf(how: z.output<typeof way>): AgentWay {
  switch (how.kind) {
    case 'exec':
      return { kind: 'exec', command: how.command, isUnsafe: how.unsafe }
    case 'wasm':
      return { kind: 'wasm', module: cidOfText(how.module) }
    case 'parts':
      return { kind: 'parts', split: how.split, join: how.join, isUnsafe: how.unsafe }
    case 'hand':
    case 'http':
    case 'mcp':
      return how
    default:
      return how satisfies never
  }
}

function shownWay(how: AgentWay): z.input<typeof way> {
  switch (how.kind) {
    case 'exec':
      return { kind: 'exec', command: [...how.command], unsafe: how.isUnsafe }
    case 'wasm':
      return { kind: 'wasm', module: how.module.toString() }
    case 'parts':
      return { kind: 'parts', split: [...how.split], join: [...how.join], unsafe: how.isUnsafe }
    case 'hand':
    case 'http':
      return how
    case 'mcp':
      return { kind: 'mcp', command: [...how.command] }
    default:
      return how satisfies never
  }
}

function shown(attached: AttachedAgent): z.input<typeof agent> {
  const { name: called, capability, works, judges, challenges, state, running, done, failed } = attached
  return {
    name: called,
    capability,
    way: shownWay(attached.way),
    price: attached.priceMicro.toString() as MicroText,
    parallel: attached.parallelMax,
    works,
    judges,
    challenges,
    state,
    running,
    done,
    failed,
    last_error: attached.lastError ?? null,
  }
}
