import { didDocument } from '../../codec/did/did-document.ts'
import { peerIdOfKey } from '../../codec/did/peer-id.ts'
import { resolveDid } from '../../codec/did/resolve-did.ts'
import { offline } from '../../node/offline.ts'
import { defineCommand } from '../command.ts'
import { unwrap } from '../failure.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'

export const didResolve = defineCommand({
  path: 'did resolve',
  about: 'Say what a DID stands for, offline: did:key of Ed25519, did:peer of numalgo 0 and 2',
  examples: ['canswarm did resolve did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'],
  arguments: [{ name: 'did', about: 'the DID' }],
  options: {},
  async run(_context, [text]) {
    const resolved = unwrap(resolveDid(text, offline.keyRules), text)
    const found = {
      id: resolved.id,
      did: resolved.did,
      peer_id: peerIdOfKey(resolved.key),
      public_key: Buffer.from(resolved.key).toString('hex'),
      addresses: resolved.addresses,
    }
    const shown = fields([
      ['did', found.did],
      ['peer id', found.peer_id],
      ['public key', found.public_key],
      ...resolved.addresses.map((address): [string, string] => ['address', address]),
    ])
    return report('canswarm.did.resolve/1', { ...found, document: didDocument(resolved) }, shown)
  },
})
