import type { CID } from '../../codec/cid.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { equivocations, heads } from '../../core/thread/queries.ts'
import { type ThreadMaps, threadView } from '../../core/thread/view.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { networkOf } from '../../node/network.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import { usageError } from '../failure.ts'
import { type Json, report } from '../report.ts'
import { table } from '../table.ts'
import { readDelegations } from './delegation-file.ts'
import { envelopeChecker, networkIn, parseNetwork, Threads } from './envelope-check.ts'
import { type FiledEnvelope, readEnvelopeFile } from './envelope-file.ts'

export const envelopeVerify = defineCommand({
  path: 'envelope verify',
  about: 'Check envelopes: encoding, schema, network, path, signature, and their place in their thread',
  examples: [
    'canswarm envelope verify thread.jsonl',
    'canswarm envelope verify batch.cbor --network bafyrei…',
    'cat thread.jsonl | canswarm envelope verify - --json',
  ],
  arguments: [
    { name: 'file', about: 'JSON lines, an envelope, or a wire batch; - for standard input', variadic: true },
  ],
  options: {
    network: { type: 'string', value: 'CID', about: "the network that they must be of (else this home's)" },
    trustFile: { type: 'boolean', about: 'take the network from the file and call that good' },
    delegation: {
      type: 'string',
      value: 'FILE',
      about: 'signed delegations of agents to the nodes that signed for them',
    },
  },
  async run(context, [files], { network, trustFile, delegation }) {
    const filed = (await Promise.all(files.map((file) => readEnvelopeFile(context, file)))).flat()
    const { net, checked } = await chooseNetwork(context, filed, network)
    const delegations = delegation === undefined ? [] : await readDelegations(context, delegation, net)
    const check = envelopeChecker(net, delegations)
    const threads = new Threads()
    const verdicts = filed.map((one) => judge(one, check(one), threads))
    const refused = verdicts.filter(({ rejection }) => rejection !== undefined).length
    const unchecked = !checked && !trustFile
    return report(
      'canswarm.envelope.verify/1',
      {
        network: net.toString(),
        network_checked: checked,
        accepted: verdicts.length - refused,
        refused,
        envelopes: verdicts,
        threads: threads.all.map(describeThread),
      },
      textOf(verdicts, threads),
      {
        exit: refused > 0 ? EXIT.refused : unchecked ? EXIT.mismatch : EXIT.done,
        notes: notesOf(checked, trustFile, threads),
      },
    )
  },
})

interface Verdict {
  readonly place: string
  readonly id?: string
  readonly kind?: string
  readonly sender?: string
  readonly seq?: number
  readonly lamport?: number
  readonly state?: 'accepted' | 'held' | 'duplicate'
  readonly rejection?: Rejection
}

function judge(
  { place }: FiledEnvelope,
  checked: Result<SingleEnvelope, Rejection>,
  threads: Threads,
): Verdict {
  if (!checked.ok) return { place, rejection: checked.error }
  const { id, body } = checked.value
  const known = { place, id, kind: body.kind, sender: body.sender, seq: body.seq, lamport: body.lamport }
  const placed = threads.add(checked.value)
  if (placed.ok) return { ...known, state: placed.value }
  return placed.error.code === 'DUPLICATE'
    ? { ...known, state: 'duplicate' }
    : { ...known, rejection: placed.error }
}

async function chooseNetwork(
  context: Context,
  filed: readonly FiledEnvelope[],
  network: string | undefined,
): Promise<{ readonly net: CID; readonly checked: boolean }> {
  if (network !== undefined) return { net: parseNetwork(network), checked: true }
  const own = networkOf(context.home)
  if (own !== undefined) return { net: own, checked: true }
  const net = filed.map(networkIn).find((one) => one !== undefined)
  if (net === undefined)
    throw usageError('there is no envelope here that names a network', 'give a file of envelopes')
  return { net, checked: false }
}

function textOf(verdicts: readonly Verdict[], threads: Threads): string {
  const rows = verdicts.map(({ place, id, kind, sender, seq, lamport, state, rejection }) => [
    place,
    rejection === undefined ? (state ?? '') : `REFUSED ${rejection.code}`,
    kind ?? '',
    String(seq ?? ''),
    String(lamport ?? ''),
    sender ?? '',
    id ?? '',
  ])
  const why = verdicts.flatMap(({ place, rejection }) =>
    rejection === undefined ? [] : [`${place}: ${rejection.code}: ${rejection.message}${at(rejection)}`],
  )
  const summary = threads.all
    .map(describeThread)
    .map(
      ({ thread, accepted, held, heads: tops }) =>
        `thread ${thread}: ${accepted} accepted, ${held} held, ${tops} heads`,
    )
  return [
    table(['from', 'verdict', 'kind', 'seq', 'lamport', 'sender', 'id'], rows),
    ...why,
    ...summary,
  ].join('\n')
}

function at({ field }: Rejection): string {
  return field === undefined || field === '' ? '' : ` (${field})`
}

function describeThread(
  maps: ThreadMaps,
): Json & { thread: string; accepted: number; held: number; heads: number } {
  const view = threadView(maps)
  return {
    thread: maps.thread,
    accepted: maps.accepted.size,
    held: maps.held.size,
    heads: heads(view).length,
  }
}

function notesOf(checked: boolean, trusted: boolean, threads: Threads): string[] {
  const forks = threads.all.flatMap((maps) => equivocations(threadView(maps)))
  return [
    ...(checked || trusted
      ? []
      : ['network not checked: it was taken from the file; name it with --network, or say --trust-file']),
    ...forks.map(
      ({ sender, seq }) =>
        `${sender} signed two different envelopes as its seq ${seq}: both are proof against it`,
    ),
  ]
}
