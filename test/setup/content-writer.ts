/**
 * Puts content into a store without end and says each CID when the call has answered. Its process is killed in the middle of
 * a write: of write number `cutAt` only the first half reaches the disk.
 */
import { open } from 'node:fs/promises'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { openContentStore } from '../../src/adapters/helia/open-content-store.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'

const [directory = '', cutAt = '0'] = process.argv.slice(2)
const store = await openContentStore({
  directory,
  sha256: nodeCrypto.sha256,
  clock: systemClock,
  reserveBytes: 0,
})

interface WholeWriter {
  writeFile(this: { write(bytes: Uint8Array): Promise<unknown> }, bytes: Uint8Array): Promise<void>
}
const file = await open(import.meta.filename)
const handles = Object.getPrototypeOf(file) as WholeWriter
await file.close()
let writes = 0
handles.writeFile = async function half(bytes) {
  if (writes++ < Number(cutAt)) {
    await this.write(bytes)
    return
  }
  await this.write(bytes.subarray(0, bytes.length >> 1))
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => {})
}

for (let n = 0; n < 1_000; n++) {
  const bytes = new Uint8Array(n % 3 === 0 ? 2_500_000 : 50_000).fill(n + 1)
  new DataView(bytes.buffer).setUint32(0, Number(cutAt))
  const cid = await store.put(bytes)
  process.stdout.write(`${cid.toString()}\n`)
}
