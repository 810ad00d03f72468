import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidOf, RAW } from '../../src/codec/cid.ts'
import { FaultError } from '../../src/model/fault.ts'
import type { ContentStore, GetContentOptions } from '../../src/ports/content-store.ts'

/** Content that nodes of one test share, as if each fetched from the others at once. Everything is one raw block. */
export class MemoryContent implements Pick<ContentStore, 'put' | 'get' | 'has' | 'pin' | 'unpin'> {
  readonly blocks = new Map<string, Uint8Array>()
  readonly pins: (readonly [cid: string, owner: string])[] = []

  put(bytes: Uint8Array): Promise<CID> {
    const cid = cidOf(bytes, nodeCrypto.sha256, RAW)
    this.blocks.set(cid.toString(), bytes)
    return Promise.resolve(cid)
  }

  get(cid: CID, { bytesMax, signal }: GetContentOptions): Promise<Uint8Array> {
    signal?.throwIfAborted()
    const bytes = this.blocks.get(cid.toString())
    if (bytes === undefined) return Promise.reject(new FaultError('content-not-found', cid.toString()))
    return bytes.length > bytesMax
      ? Promise.reject(new FaultError('content-too-large', `${bytes.length} bytes`))
      : Promise.resolve(bytes)
  }

  has(cid: CID): Promise<boolean> {
    return Promise.resolve(this.blocks.has(cid.toString()))
  }

  pin(cid: CID, owner: string): Promise<void> {
    this.pins.push([cid.toString(), owner])
    return Promise.resolve()
  }

  unpin(): Promise<void> {
    return Promise.resolve()
  }
}
