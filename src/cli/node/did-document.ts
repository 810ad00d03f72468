import { didDocument as documentOf } from '../../codec/did/did-document.ts'
import { didPeer2Of } from '../../codec/did/did-peer.ts'
import { parseAddresses } from '../../codec/did/node-addresses.ts'
import { resolveDid } from '../../codec/did/resolve-did.ts'
import { offline } from '../../node/offline.ts'
import { defineCommand } from '../command.ts'
import { unwrap } from '../failure.ts'
import { report } from '../report.ts'
import { keyNameOf } from './key-access.ts'
import { namedKey } from './keys-show.ts'

export const didDocument = defineCommand({
  path: 'did document',
  about: "Print the DID document of this node's key, or of another key in this home",
  examples: ['canswarm did document', 'canswarm did document --peer --address /ip4/192.0.2.7/tcp/4001'],
  arguments: [{ name: 'name', about: "name of the key (else the node's own)", optional: true }],
  options: {
    peer: { type: 'boolean', about: 'as did:peer (numalgo 2), which carries the addresses in its text' },
    address: { type: 'string', value: 'MULTIADDR', about: 'an address of the node; several with commas' },
  },
  async run(context, [name], { peer, address }) {
    const { did } = await namedKey(context.home, keyNameOf(context, name))
    const addresses = unwrap(parseAddresses(address?.split(',') ?? []))
    const { key } = unwrap(resolveDid(did, offline.keyRules))
    const id = peer ? didPeer2Of(key, unwrap(offline.keyRules.agreementKeyOf(key)), addresses) : did
    const document = documentOf(unwrap(resolveDid(id, offline.keyRules)), addresses)
    return report('canswarm.did.document/1', { document }, JSON.stringify(document, null, 2))
  },
})
