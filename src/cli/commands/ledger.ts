import type { InputOf, OutputOf } from '../../sdk/client.ts'
import { defineCommand, type OptionSpec } from '../command.ts'
import { creditsOf, microOf } from '../credits.ts'
import { asked, nodeOf } from '../daemon.ts'
import { EXIT } from '../exit.ts'
import { type Report, report } from '../report.ts'
import { fields } from '../table.ts'

type Said = OutputOf<'transfer'>

/** For commands that any account of the node may give. */
export const AS = {
  as: { type: 'string', value: 'KEY', about: "in whose name: a key of this node's ('canswarm status')" },
} as const satisfies Record<string, OptionSpec>

const AMOUNT = { name: 'CREDITS', about: 'how much, as 2 or 0.25' } as const

export const transfer = defineCommand({
  path: 'transfer',
  about: "Give credits of the node's account to another",
  examples: [
    'canswarm transfer did:key:z6Mk… 2.5',
    'canswarm transfer did:key:z6Mk… 2.5 --as worker',
    "canswarm transfer did:key:z6Mk… 1 --memo 'for the tests'",
  ],
  arguments: [{ name: 'DID', about: 'who gets them' }, AMOUNT],
  options: { memo: { type: 'string', value: 'TEXT', about: 'for people' }, ...AS },
  async run(context, [to, credits], { memo, as }) {
    const input = {
      to,
      amount: microOf(credits, 'CREDITS'),
      ...(memo !== undefined && { memo }),
      ...named(as),
    }
    const data = await asked(nodeOf(context).call('transfer', input as InputOf<'transfer'>))
    return saidReport('transfer', data, `${credits} credits to ${to}`)
  },
})

export const stake = defineCommand({
  path: 'stake',
  about: "Lock credits of the node's account as stake",
  examples: ['canswarm stake 100'],
  arguments: [AMOUNT],
  options: { ...AS },
  async run(context, [credits], { as }) {
    const input = { amount: microOf(credits, 'CREDITS'), ...named(as) }
    const data = await asked(nodeOf(context).call('stake', input))
    return saidReport('stake', data, `${credits} credits are staked`)
  },
})

export const unstake = defineCommand({
  path: 'unstake',
  about: 'Start the unbonding of stake: "canswarm unbond" frees it when its time is over',
  examples: ['canswarm unstake 50'],
  arguments: [AMOUNT],
  options: { ...AS },
  async run(context, [credits], { as }) {
    const input = { amount: microOf(credits, 'CREDITS'), ...named(as) }
    const data = await asked(nodeOf(context).call('unstake', input))
    return saidReport('unstake', data, `${credits} credits are unbonding`)
  },
})

export const unbond = defineCommand({
  path: 'unbond',
  about: 'Free all stake whose unbonding is over',
  examples: ['canswarm unbond'],
  arguments: [],
  options: { ...AS },
  async run(context, _args, { as }) {
    return saidReport('unbond', await asked(nodeOf(context).call('unbond', named(as))), 'freed')
  },
})

/** The option as the API takes it. */
export function named(as: string | undefined): { readonly as?: string } {
  return as === undefined ? {} : { as }
}

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
