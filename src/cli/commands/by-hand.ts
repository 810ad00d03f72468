/** Commands of an agent that somebody drives: what the node would do by itself for an attached program. */
import { readFile } from 'node:fs/promises'
import type { InputOf, OutputOf } from '../../sdk/client.ts'
import type { ArgumentSpec, OptionSpec } from '../command.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { microOf } from '../credits.ts'
import { asked, nodeOf } from '../daemon.ts'
import { usageError } from '../failure.ts'
import { type Report, report } from '../report.ts'

type Said = OutputOf<'propose'>
type HandVerb = 'propose' | 'claim' | 'heartbeat' | 'commit' | 'giveUp' | 'attest'

const NEED = { name: 'NEED', about: 'id of the NEED' } as const satisfies ArgumentSpec
const AS = {
  as: {
    type: 'string',
    value: 'KEY',
    about: "in whose name: a key of this node; else the account that has such work ('canswarm status')",
  },
} as const satisfies Record<string, OptionSpec>
const LEASE = {
  lease: { type: 'integer', value: 'SECONDS', about: 'how long the lease lasts; 60 unless it is said' },
  beat: {
    type: 'integer',
    value: 'SECONDS',
    about: 'longest time between two heartbeats; 10 unless it is said',
  },
} as const satisfies Record<string, OptionSpec>

export const propose = defineCommand({
  path: 'propose',
  about:
    'Bid for a need by hand, for a capability that was attached with "canswarm agent add NAME --by-hand"',
  examples: [
    'canswarm propose bafyrei… --cost 0.5',
    'canswarm propose bafyrei… --cost 2 --eta 600 --lease 900',
  ],
  arguments: [NEED],
  options: {
    cost: { type: 'string', value: 'N', about: 'price of the work, in credits' },
    eta: { type: 'integer', value: 'SECONDS', about: 'when it will be done; 60 unless it is said' },
    ...LEASE,
    ...AS,
  },
  async run(context, [need], { cost, eta, lease, beat, as }) {
    if (cost === undefined) throw usageError('say what the work costs', 'add --cost N, in credits')
    const times = { ...(eta !== undefined && { eta_ms: eta * 1_000 }), ...leaseOf(lease, beat) }
    return await say(context, 'propose', need, as, { cost: microOf(cost, '--cost'), ...times })
  },
})

export const claim = defineCommand({
  path: 'claim',
  about: 'Take the lease that has come to this account; who was decided holds the first one already',
  examples: ['canswarm claim bafyrei…'],
  arguments: [NEED],
  options: { ...LEASE, ...AS },
  run: (context, [need], { lease, beat, as }) => say(context, 'claim', need, as, leaseOf(lease, beat)),
})

export const heartbeat = defineCommand({
  path: 'heartbeat',
  about: 'Show that the work goes on; three that are missed lose the lease',
  examples: ['canswarm heartbeat bafyrei… 40', 'canswarm heartbeat bafyrei… 80 --extend 60'],
  arguments: [NEED, { name: 'PERCENT', about: 'how much is done' }],
  options: {
    extend: { type: 'integer', value: 'SECONDS', about: 'asks for so much more time' },
    ...AS,
  },
  run(context, [need, percent], { extend, as }) {
    if (!/^\d{1,3}$/u.test(percent)) throw usageError(`${percent} is no number from 0 to 100`)
    const more = extend === undefined ? {} : { extend_ms: extend * 1_000 }
    return say(context, 'heartbeat', need, as, { progress: Number(percent), ...more })
  },
})

/** Above this, content goes into the store first, and the COMMIT names its CID. */
const INLINE_BYTES_MAX = 49_152

export const commit = defineCommand({
  path: 'commit',
  about: 'Deliver the result of a need that this account has the lease of',
  examples: ['canswarm commit bafyrei… result.txt', 'canswarm commit bafyrei… - < result.txt'],
  arguments: [NEED, { name: 'FILE', about: 'the result; - is standard input' }],
  options: { ...AS },
  async run(context, [need, file], { as }) {
    const bytes = await bytesOf(context, file)
    const artifact =
      bytes.length > INLINE_BYTES_MAX
        ? await asked(nodeOf(context).putContent(bytes, `need/${need}`))
        : { base64: Buffer.from(bytes).toString('base64') }
    return await say(context, 'commit', need, as, { artifact })
  },
})

export const giveUp = defineCommand({
  path: 'yield',
  about: 'Give the lease of a need back, so that the next worker may take it',
  examples: ["canswarm yield bafyrei… --reason 'the input is no text'"],
  arguments: [NEED],
  options: { reason: { type: 'string', value: 'TEXT', about: 'for people' }, ...AS },
  run: (context, [need], { reason, as }) =>
    say(context, 'giveUp', need, as, reason === undefined ? {} : { reason }),
})

export const attest = defineCommand({
  path: 'attest',
  about:
    'Give the verdict of this account on what its seat judges now: the best plan, or the delivered result',
  examples: [
    'canswarm attest bafyrei… accept',
    "canswarm attest bafyrei… reject --reason 'a word is missing'",
  ],
  arguments: [
    NEED,
    { name: 'VERDICT', about: 'accept, reject, or unavailable: what is to be judged cannot be had' },
  ],
  options: { reason: { type: 'string', value: 'TEXT', about: 'for people' }, ...AS },
  run(context, [need, verdict], { reason, as }) {
    if (!VERDICTS.has(verdict)) throw usageError(`${verdict} is no verdict`, 'accept, reject or unavailable')
    return say(context, 'attest', need, as, { verdict, ...(reason !== undefined && { reason }) })
  },
})

const VERDICTS: ReadonlySet<string> = new Set(['accept', 'reject', 'unavailable'])

async function say(
  context: Context,
  verb: HandVerb,
  need: string,
  as: string | undefined,
  more: object,
): Promise<Report> {
  const input = { need, ...more, ...(as !== undefined && { as }) } as InputOf<'commit'>
  const data: Said = await asked(nodeOf(context).call(verb, input as never))
  const word = verb === 'giveUp' ? 'yield' : verb
  return report(`canswarm.${word}/1`, data, `${data.verb} is said by ${data.as}`, {
    notes: [`"canswarm need show ${need}" tells what comes of it`],
  })
}

function leaseOf(lease: number | undefined, beat: number | undefined) {
  return {
    ...(lease !== undefined && { lease_ttl_ms: lease * 1_000 }),
    ...(beat !== undefined && { heartbeat_interval_ms: beat * 1_000 }),
  }
}

const RESULT_BYTES_MAX = 67_108_864

async function bytesOf(context: Context, path: string): Promise<Uint8Array> {
  if (path === '-') return await context.readStdin(RESULT_BYTES_MAX)
  try {
    return await readFile(path)
  } catch (error) {
    throw usageError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'failed'}`)
  }
}
