import type { OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { creditsOf } from '../credits.ts'
import { asked, nodeOf } from '../daemon.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'
import { named } from './ledger.ts'

type Balance = OutputOf<'balance'>

export const balance = defineCommand({
  path: 'balance',
  about: 'What an account has, in credits: free, staked, locked, escrowed, unbonding',
  examples: ['canswarm balance', 'canswarm balance worker', 'canswarm balance did:key:z6Mk… --json'],
  arguments: [
    { name: 'ACCOUNT', about: "a DID, or a key of this node's; else the node's own", optional: true },
  ],
  options: {},
  async run(context, [who]) {
    const input = who?.startsWith('did:') === true ? { did: who as Balance['did'] } : named(who)
    const data = await asked(nodeOf(context).call('balance', input))
    return report('canswarm.balance/1', data, fields(pairsOf(data)))
  },
})

function pairsOf(data: Balance): [string, string][] {
  return [
    ['account', data.did],
    ['free', creditsOf(data.free)],
    ['staked', `${creditsOf(data.staked)} (${creditsOf(data.locked)} locked by seats)`],
    ['bonds', creditsOf(data.bonds)],
    ['escrowed', creditsOf(data.escrowed)],
    ['unbonding', data.unbonding.map(({ amount }) => creditsOf(amount)).join(' + ') || '0'],
    ...(data.owed === '0' ? [] : [['owed', creditsOf(data.owed)] satisfies [string, string]]),
    ['total', creditsOf(data.total)],
  ]
}
