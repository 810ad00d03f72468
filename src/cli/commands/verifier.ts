import { defineCommand } from '../command.ts'
import { creditsOf, microOf } from '../credits.ts'
import { asked, nodeOf } from '../daemon.ts'
import { report } from '../report.ts'
import { table } from '../table.ts'
import { AS, named, saidReport } from './ledger.ts'

export const verifierRegister = defineCommand({
  path: 'verifier register',
  about: "Register the node's account as a verifier, with stake that backs its seats",
  examples: ['canswarm verifier register text/stats --stake 100'],
  arguments: [{ name: 'CAPABILITY', about: 'what it can judge', variadic: true }],
  options: {
    stake: { type: 'string', value: 'N', about: 'in credits; 100 unless it is said' },
    org: { type: 'string', value: 'NAME', about: 'organisation' },
    region: { type: 'string', value: 'NAME', about: 'region of the world' },
    ...AS,
  },
  async run(context, [capabilities], { stake = '100', org, region, as }) {
    const input = {
      stake: microOf(stake, '--stake'),
      capabilities: [...capabilities],
      ...(org !== undefined && { org }),
      ...(region !== undefined && { region }),
      ...named(as),
    }
    const data = await asked(nodeOf(context).call('verifierRegister', input))
    return saidReport('verifier.register', data, `registered for ${capabilities.join(', ')}`)
  },
})

export const verifierDeregister = defineCommand({
  path: 'verifier deregister',
  about: "End the registration of the node's account as a verifier",
  examples: ['canswarm verifier deregister'],
  arguments: [],
  options: { ...AS },
  async run(context, _args, { as }) {
    const data = await asked(nodeOf(context).call('verifierDeregister', named(as)))
    return saidReport('verifier.deregister', data, 'no verifier any more')
  },
})

export const verifierLs = defineCommand({
  path: 'verifier ls',
  about: 'Registered verifiers: stake, reputation, seats',
  examples: ['canswarm verifier ls', 'canswarm verifier ls --capability text/stats --json'],
  arguments: [],
  options: {
    capability: { type: 'string', value: 'NAME', about: 'only those who judge it' },
    limit: { type: 'integer', value: 'N', about: 'most rows; 100 unless it is said' },
  },
  async run(context, _args, { capability, limit }) {
    const input = { ...(capability !== undefined && { capability }), ...(limit !== undefined && { limit }) }
    const data = await asked(nodeOf(context).call('verifiers', input))
    const rows = data.verifiers.map((one) => [
      one.did,
      one.active ? 'active' : '',
      creditsOf(one.stake),
      creditsOf(one.locked),
      one.reputation.toFixed(3),
      one.capabilities.join(' '),
    ])
    const notes = [
      ...(data.bootstrap ? [`bootstrap mode: ${data.active} active verifiers, too few for committees`] : []),
      ...(data.more ? ['there are more: --limit N shows them'] : []),
    ]
    const headings = ['verifier', 'state', 'stake', 'locked', 'reputation', 'judges']
    return report('canswarm.verifier.ls/1', data, table(headings, rows), { notes })
  },
})
