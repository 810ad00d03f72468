import { placeText } from '../../codec/bundle/raw-block.ts'
import { parseCid } from '../../codec/cid.ts'
import type { replayFile } from '../../node/record/replay.ts'
import { unwrap, usageError } from '../failure.ts'
import type { Json } from '../report.ts'
import { table } from '../table.ts'

export type Replayed = Awaited<ReturnType<typeof replayFile>>

/** What replaying and importing have in common. */
export const REPLAY_OPTIONS = {
  network: { type: 'string', value: 'CID', about: "the network that it must belong to; else this home's" },
  trustFile: { type: 'boolean', about: 'take the network from the file: nobody else names it' },
  anchor: {
    type: 'string',
    value: 'SIZE:ROOT',
    about: "a size and root (hex) of the hub's tree that you trust",
  },
  allowUnchecked: {
    type: 'string',
    value: 'LIST',
    about: 'checks that may stay undone, by name, with commas: tasks,policy',
  },
} as const

const CHECK_NAME = /^[a-z]+$/

export function requestOf({
  network,
  anchor,
  allowUnchecked,
}: {
  readonly network: string | undefined
  readonly anchor: string | undefined
  readonly allowUnchecked: string | undefined
}) {
  const names = allowUnchecked === undefined ? [] : allowUnchecked.split(',')
  if (!names.every((name) => CHECK_NAME.test(name))) {
    throw usageError(`${allowUnchecked} is no list of checks`, 'name them with commas: tasks,policy')
  }
  return {
    network: network === undefined ? undefined : unwrap(parseCid(network), '--network'),
    anchor: anchor === undefined ? undefined : parseAnchor(anchor),
    allowUnchecked: new Set(names),
  }
}

function parseAnchor(text: string) {
  const [, size, root] = /^([1-9][0-9]{0,14}):([0-9a-f]{64})$/.exec(text) ?? []
  if (size === undefined || root === undefined) throw usageError('--anchor is SIZE:ROOT, as in 1042:9f0c…')
  return { size: Number(size), root: Uint8Array.fromHex(root) }
}

const STATUS = {
  passed: 'passed',
  failed: 'FAILED',
  'not-checked': 'NOT CHECKED',
  stopped: 'stopped',
} as const

export function textOf({ checks, divergence }: Replayed): string {
  const rows = checks.map(({ number, name, about, status, counts, unchecked, allowed }) => {
    const looked = Object.entries(counts).map(([what, count]) => `${count} ${what}`)
    const allows = allowed ? ' (allowed)' : ''
    const what = [about, [...looked, ...unchecked].join(', ')].filter((part) => part !== '').join(': ')
    return [String(number), name, `${STATUS[status]}${allows}`, what]
  })
  const lines = [table(['', 'check', 'result', 'what'], rows)]
  if (divergence !== undefined) {
    const { place, event, check, rejection } = divergence
    lines.push(
      '',
      `first divergence  ${placeText(place)}`,
      `event             ${event}`,
      `rule              ${check}: ${rejection.code}: ${rejection.message}`,
    )
  }
  return lines.join('\n')
}

export function dataOf(replayed: Replayed): Json {
  const { root, divergence, checks, needs, network, networkChecked, anchored, events, blocks, sound } =
    replayed
  return {
    network: network ?? null,
    network_checked: networkChecked,
    anchored,
    thread: root?.thread ?? null,
    finished: root?.finished ?? null,
    events,
    blocks,
    needs,
    checks,
    divergence: divergence ?? null,
    sound,
  }
}

export function notesOf(
  { network, networkChecked, anchored, checks }: Replayed,
  trustFile: boolean | undefined,
): string[] {
  const known = networkChecked ? [] : [`network not checked: the file says ${network ?? 'nothing'}`]
  if (!networkChecked && trustFile !== true) known.push('name it with --network, or say --trust-file')
  const undone = checks.filter(({ status, allowed }) => status === 'not-checked' && !allowed)
  if (undone.length > 0)
    known.push(
      `to take what nobody here can check: --allow-unchecked ${undone.map(({ name }) => name).join()}`,
    )
  return [...known, ...(anchored ? [] : [UNANCHORED])]
}

const UNANCHORED =
  'lineage not anchored: voters of long ago could lie about long ago; --anchor names a root of the hub that you trust'

/** True when nothing was otherwise, nothing unchecked, and somebody vouches for the network. */
export function isSound({ sound, networkChecked }: Replayed, trustFile: boolean | undefined): boolean {
  return sound && (networkChecked || trustFile === true)
}
