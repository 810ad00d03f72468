import { resolveDid } from '../../codec/did/resolve-did.ts'
import { FaultError } from '../../model/fault.ts'
import type { KeyName } from '../../model/key-name.ts'
import { offline } from '../../node/offline.ts'
import type { KeyListing } from '../../ports/keystore.ts'
import { defineCommand } from '../command.ts'
import { unwrap } from '../failure.ts'
import { report } from '../report.ts'
import { table } from '../table.ts'
import { describeKey, keyNameOf } from './key-access.ts'

export const keysShow = defineCommand({
  path: 'keys show',
  about: 'Show the keys of this home, or one of them: DID, PeerId, and whether it is sealed; never a secret',
  examples: ['canswarm keys show', 'canswarm keys show node --json'],
  arguments: [{ name: 'name', about: 'only this key', optional: true }],
  options: {},
  async run(context, [name]) {
    const wanted =
      name === undefined
        ? await offline.keystore(context.home).list()
        : [await namedKey(context.home, keyNameOf(context, name))]
    const keys = wanted.flatMap((one) => (one.kind === 'key' ? [describe(one)] : []))
    const rows = keys.map((key) => [key.name, key.sealed ? 'yes' : 'no', key.did, key.peer_id])
    const notes = wanted.flatMap((one) => (one.kind === 'fault' ? [`${one.name}: ${one.fault.message}`] : []))
    return report('canswarm.keys.show/1', { keys }, table(['name', 'sealed', 'did', 'peer id'], rows), {
      notes,
    })
  },
})

function describe(key: Extract<KeyListing, { kind: 'key' }>) {
  return describeKey(key, unwrap(resolveDid(key.did, offline.keyRules), key.name).key)
}

/** One key of a home. Faults `key-missing`, or what its file is damaged by. */
export async function namedKey(home: string, name: KeyName): Promise<Extract<KeyListing, { kind: 'key' }>> {
  const found = (await offline.keystore(home).list()).find((one) => one.name === name)
  if (found === undefined) throw new FaultError('key-missing', `there is no key "${name}" in ${home}`)
  if (found.kind === 'fault') throw found.fault
  return found
}
