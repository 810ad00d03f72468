import type { Brand } from '../../model/brand.ts'

/** 64 hex digits: the sha2-256 of a block. Blocks of different codecs with the same bytes are one file. */
export type BlockName = Brand<string, 'BlockName'>

const NAME = /^[0-9a-f]{64}$/

export function blockName(digest: Uint8Array): BlockName {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('hex') as BlockName
}

export function isBlockName(text: string): text is BlockName {
  return NAME.test(text)
}

/** Two hex digits: the folder of a block. */
export function shardOf(name: BlockName): string {
  return name.slice(0, 2)
}
