/** Puts content into a store without end and says each CID when the call has answered; to be killed. */

import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { openContentStore } from '../../src/adapters/helia/open-content-store.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'

const [directory = '', round = '0'] = process.argv.slice(2)
const store = await openContentStore({
  directory,
  sha256: nodeCrypto.sha256,
  clock: systemClock,
  reserveBytes: 0,
})
for (let n = 0; n < 1_000; n++) {
  const bytes = new Uint8Array(n % 3 === 0 ? 2_500_000 : 50_000).fill(n + 1)
  new DataView(bytes.buffer).setUint32(0, Number(round))
  const cid = await store.put(bytes)
  process.stdout.write(`${cid.toString()}\n`)
}
