import type { HeliaInit } from 'helia'
import type { CID } from '../../codec/cid.ts'
import { FaultError } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { BLOCK_BYTES_MAX, type BlockFiles } from './block-files.ts'
import { type BlockName, blockName } from './block-name.ts'

type Blockstore = NonNullable<HeliaInit['blockstore']>
type BlockBytes = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

const SHA2_256 = 0x12

/** The block's name; undefined for a CID of another hash: no such block is kept. */
export function nameOfCid(cid: CID): BlockName | undefined {
  const { code, size, digest } = cid.multihash
  return code === SHA2_256 && size === 32 ? blockName(digest) : undefined
}

/** The blocks of a directory as Helia's libraries ask for them. What they want deleted or listed is not theirs. */
export class HeliaBlocks implements Blockstore {
  readonly #files: BlockFiles
  readonly #sha256: Sha256

  constructor(files: BlockFiles, sha256: Sha256) {
    this.#files = files
    this.#sha256 = sha256
  }

  async has(cid: CID): Promise<boolean> {
    const name = nameOfCid(cid)
    return name !== undefined && (await this.#files.has(name))
  }

  async *get(cid: CID): AsyncGenerator<Uint8Array> {
    const name = nameOfCid(cid)
    const bytes = name === undefined ? undefined : await this.#files.read(name)
    if (bytes === undefined) throw new NotFoundError(`block ${cid.toString()} is not here`)
    yield bytes
  }

  async put(cid: CID, block: BlockBytes): Promise<CID> {
    const bytes = await wholeOf(block)
    const name = nameOfCid(cid)
    if (name === undefined || blockName(this.#sha256(bytes)) !== name)
      throw new FaultError('content-malformed', `block ${cid.toString()} has other bytes, or another hash`)
    await this.#files.write(name, bytes)
    return cid
  }

  async *putMany(
    blocks: Iterable<{ cid: CID; bytes: BlockBytes }> | AsyncIterable<{ cid: CID; bytes: BlockBytes }>,
  ) {
    for await (const { cid, bytes } of blocks) yield await this.put(cid, bytes)
  }

  async *getMany(cids: Iterable<CID> | AsyncIterable<CID>) {
    for await (const cid of cids) yield { cid, bytes: this.get(cid) }
  }

  // oxlint-disable-next-line require-yield -- nobody but the content store lists its blocks
  async *getAll(): AsyncGenerator<never> {
    throw new FaultError('store-io', 'blocks are listed by the content store alone')
  }

  delete(): void {
    throw new FaultError('store-io', 'blocks are deleted by the content store alone')
  }

  // oxlint-disable-next-line require-yield -- nobody but the content store deletes its blocks
  async *deleteMany(): AsyncGenerator<never> {
    this.delete()
  }
}

/** Libraries tell it from other failures by its name. */
class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
}

async function wholeOf(block: BlockBytes): Promise<Uint8Array> {
  if (block instanceof Uint8Array) return sized(block)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of block) {
    length += part.length
    if (length > BLOCK_BYTES_MAX) break
    parts.push(part)
  }
  return sized(new Uint8Array(Buffer.concat(parts)), length)
}

function sized(bytes: Uint8Array, length = bytes.length): Uint8Array {
  if (length <= BLOCK_BYTES_MAX) return bytes
  throw new FaultError('content-too-large', `a block of more than ${BLOCK_BYTES_MAX} bytes`)
}
