import type { InputOf, OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { creditsOf } from '../credits.ts'
import { asked, nodeOf } from '../daemon.ts'
import { report } from '../report.ts'
import { table } from '../table.ts'
import { short, time } from '../words.ts'

type History = OutputOf<'ledgerHistory'>

export const ledgerHistory = defineCommand({
  path: 'ledger history',
  about: 'What the ledger did, newest first: of an account, about a need, or all of it',
  examples: [
    'canswarm ledger history',
    'canswarm ledger history worker',
    'canswarm ledger history --need bafyrei…',
  ],
  arguments: [{ name: 'ACCOUNT', about: "a DID, or a key of this node's", optional: true }],
  options: {
    need: { type: 'string', value: 'NEED', about: 'what was done about this need' },
    limit: { type: 'integer', value: 'N', about: 'most rows; 100 unless it is said' },
    before: { type: 'integer', value: 'NUMBER', about: 'go on before this number' },
  },
  async run(context, [who], { need, limit, before }) {
    const input = {
      ...(who?.startsWith('did:') === true ? { did: who } : who !== undefined && { as: who }),
      ...(need !== undefined && { need }),
      ...(limit !== undefined && { limit }),
      ...(before !== undefined && { before }),
    } as InputOf<'ledgerHistory'>
    const data = await asked(nodeOf(context).call('ledgerHistory', input))
    const notes = data.next === null ? [] : [`there are more: --before ${data.next} goes on`]
    const headings = ['number', 'time', 'operation', 'credits', 'from → to']
    return report('canswarm.ledger.history/1', data, table(headings, data.rows.map(cellsOf)), { notes })
  },
})

function cellsOf({ n, time: at, operation, amount, from, to }: History['rows'][number]): string[] {
  const seconds = time(at).slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)
  return [String(n), seconds, operation.toLowerCase(), creditsOf(amount), `${place(from)} → ${place(to)}`]
}

/** Ids at their ends: whole ones are in the JSON. */
function place(text: string): string {
  return text
    .split(' ')
    .map((word) => (word.length > 24 ? short(word) : word))
    .join(' ')
}
