import { parseDid } from '../../codec/did/did-key.ts'
import type { Head } from '../../codec/journal/line.ts'
import { type JournalVerdict, verifyHomeJournal } from '../../node/node-journal.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit.ts'
import { unwrap, usageError } from '../failure.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'

export const journalVerify = defineCommand({
  path: 'journal verify',
  about:
    "Check this home's journal: every line, every seal; names the first line that is wrong (exit code 6)",
  examples: ['canswarm journal verify', 'canswarm journal verify --head 1042:9f0c… --node did:key:z6Mk…'],
  arguments: [],
  options: {
    node: { type: 'string', value: 'DID', about: 'whose journal it must be' },
    network: { type: 'string', value: 'CID', about: 'the network that it must belong to' },
    head: {
      type: 'string',
      value: 'N:CHAIN',
      about: 'a line that it must hold, as an earlier run printed it',
    },
  },
  async run({ home }, _args, { node, network, head }) {
    const expect = {
      ...(node !== undefined && { node: unwrap(parseDid(node)) }),
      ...(network !== undefined && { net: network }),
      ...(head !== undefined && { head: parseHead(head) }),
    }
    const verdict = await verifyHomeJournal(home, expect)
    const exit = verdict.firstFault === undefined ? EXIT.done : EXIT.mismatch
    return report('canswarm.journal.verify/1', { ...verdict }, fields(rowsOf(verdict)), {
      exit,
      notes: notesOf(verdict),
    })
  },
})

function rowsOf({ firstFault: fault, ...verdict }: JournalVerdict): [string, string][] {
  const summary: [string, string][] = [
    ['journal', fault === undefined ? 'right' : 'WRONG'],
    ['node', verdict.owner.node ?? 'none'],
    ['network', verdict.owner.net ?? 'none'],
    ['right lines', String(verdict.lines)],
    ['seals', String(verdict.seals)],
    ['segments', String(verdict.segments)],
    ['head', `${verdict.head.n}:${verdict.head.chain}`],
  ]
  if (fault === undefined) return summary
  const place = `segment ${fault.segment}, line ${fault.line}, byte ${fault.byteOffset}`
  return [...summary, ['first fault', place], ['reason', `${fault.reason}: ${fault.message}`]]
}

function notesOf({ unsealedLines, tornEnd, firstSegment }: JournalVerdict): string[] {
  return [
    ...(unsealedLines > 0 ? [`${unsealedLines} lines at the end are not sealed yet`] : []),
    ...(tornEnd === undefined
      ? []
      : [`the last ${tornEnd.bytes} bytes are half a line: the node cuts them off when it starts`]),
    ...(firstSegment > 1
      ? [`segments before ${firstSegment} are not there: what they said was not checked`]
      : []),
  ]
}

function parseHead(text: string): Head {
  const [, n, chain] = /^([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (n === undefined || chain === undefined)
    throw usageError('--head is a line number and its chain: 1042:9f0c…')
  return { n: Number(n), chain: chain as Head['chain'] }
}
