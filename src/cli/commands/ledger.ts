import type { InputOf, OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { creditsOf, microOf } from '../credits.ts'
import { asked, nodeOf } from '../daemon.ts'
import { EXIT } from '../exit.ts'
import { type Report, report } from '../report.ts'
import { fields } from '../table.ts'

type Said = OutputOf<'transfer'>

const AMOUNT = { name: 'CREDITS', about: 'how much, as 2 or 0.25' } as const

export const transfer = defineCommand({
  path: 'transfer',
  about: "Give credits of the node's account to another",
  examples: [
    'canswarm transfer did:key:z6Mk… 2.5',
    "canswarm transfer did:key:z6Mk… 1 --memo 'for the tests'",
  ],
  arguments: [{ name: 'DID', about: 'who gets them' }, AMOUNT],
  options: { memo: { type: 'string', value: 'TEXT', about: 'for people' } },
  async run(context, [to, credits], { memo }) {
    const input = { to, amount: microOf(credits, 'CREDITS'), ...(memo !== undefined && { memo }) }
    const data = await asked(nodeOf(context).call('transfer', input as InputOf<'transfer'>))
    return saidReport('transfer', data, `${credits} credits to ${to}`)
  },
})

export const stake = defineCommand({
  path: 'stake',
  about: "Lock credits of the node's account as stake",
  examples: ['canswarm stake 100'],
  arguments: [AMOUNT],
  options: {},
  async run(context, [credits]) {
    const data = await asked(nodeOf(context).call('stake', { amount: microOf(credits, 'CREDITS') }))
    return saidReport('stake', data, `${credits} credits are staked`)
  },
})

export const unstake = defineCommand({
  path: 'unstake',
  about: 'Start the unbonding of stake: "canswarm unbond" frees it when its time is over',
  examples: ['canswarm unstake 50'],
  arguments: [AMOUNT],
  options: {},
  async run(context, [credits]) {
    const data = await asked(nodeOf(context).call('unstake', { amount: microOf(credits, 'CREDITS') }))
    return saidReport('unstake', data, `${credits} credits are unbonding`)
  },
})

export const unbond = defineCommand({
  path: 'unbond',
  about: 'Free all stake whose unbonding is over',
  examples: ['canswarm unbond'],
  arguments: [],
  options: {},
  async run(context) {
    return saidReport('unbond', await asked(nodeOf(context).call('unbond', {})), 'freed')
  },
})

/** What was said, and what the hub made of it. */
export function saidReport(command: string, data: Said, done: string): Report {
  const isKnown = data.outcome === 'applied'
  const notes = isKnown ? [] : ['the hub has not said yet that it took it: it is sent again until it has']
  return report(`canswarm.${command}/1`, data, isKnown ? done : `said: ${data.envelope}`, { notes })
}

export const ledgerVerify = defineCommand({
  path: 'ledger verify',
  about: 'Count all credits again: what was minted and not burned is what everybody has',
  examples: ['canswarm ledger verify', 'canswarm ledger verify --json'],
  arguments: [],
  options: {},
  async run(context) {
    const data = await asked(nodeOf(context).call('ledgerVerify', {}))
    const isGood = data.conserved && data.sums_match
    const sums = Object.entries(data.supply).map(
      ([name, micro]) => [name, creditsOf(micro)] satisfies [string, string],
    )
    const text = fields([
      ['credits', data.conserved ? 'conserved' : 'NOT CONSERVED'],
      ['sums', data.sums_match ? 'those of the records' : 'NOT THOSE OF THE RECORDS'],
      ['slot', String(data.slot)],
      ['accounts', String(data.accounts)],
      ['audit', `${data.audit_rows} rows, head ${data.audit_head}`],
      ...sums,
    ])
    return report('canswarm.ledger.verify/1', data, text, { exit: isGood ? EXIT.done : EXIT.mismatch })
  },
})
