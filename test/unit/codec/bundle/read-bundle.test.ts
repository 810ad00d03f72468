import { decode as decodeReference } from '@ipld/dag-cbor'
import { describe, expect, it } from 'vitest'
import type { ReadBlock } from '../../../../src/codec/bundle/read-bundle.ts'
import { carFile, jsonlFile } from '../../../../src/codec/bundle/write-bundle.ts'
import { FORMS, fileOf, handMadeBlocks, readAllOf } from '../../../setup/bundles.ts'

const blocks = handMadeBlocks(1_100)
const small = handMadeBlocks(6)

describe.each(Object.entries(FORMS))('an export as %s', (form, write) => {
  const file = fileOf(write(small))

  it('is read as it was written, whatever pieces it comes in', () => {
    const whole = fileOf(write(blocks))
    for (const pieceBytes of [7, 1_000, whole.length]) {
      const read = readAllOf(whole, pieceBytes)
      expect(typeof read === 'string' ? read : read.map(({ bytes }) => bytes)).toEqual(
        blocks.map(({ bytes }) => bytes),
      )
    }
  })

  it('becomes the other form and comes back byte for byte', () => {
    const other = form === 'CAR' ? jsonlFile : carFile
    const back = blocksOf(fileOf(other(blocksOf(file))))
    expect(fileOf(write(back))).toEqual(file)
  })

  it('is refused with any byte changed, and the place is named', () => {
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice()
      changed[at] = (changed[at] as number) ^ 1
      const read = readAllOf(changed, file.length)
      expect(typeof read === 'string' && /^(block|line) [0-9]+: /.test(read), `byte ${at}`).toBe(true)
    }
  })

  it('is refused cut short at any byte', () => {
    for (let size = 0; size < file.length; size++) {
      expect(typeof readAllOf(file.subarray(0, size), file.length), `${size} bytes`).toBe('string')
    }
  })

  it('is refused with a whole block dropped, doubled or swapped, at that block', () => {
    const unit = form === 'CAR' ? 'block' : 'line'
    const first = form === 'CAR' ? 1 : 2
    for (let at = 1; at < small.length; at++) {
      const dropped = small.toSpliced(at, 1)
      const doubled = small.toSpliced(at, 0, small[at] as never)
      const swapped =
        at + 1 < small.length
          ? small.with(at, small[at + 1] as never).with(at + 1, small[at] as never)
          : dropped
      for (const [altered, where] of [
        [dropped, at],
        [doubled, at + 1],
        [swapped, at],
      ] as const) {
        expect(readAllOf(fileOf(write(altered)))).toMatch(new RegExp(`^${unit} ${first + where}: `))
      }
    }
  })
})

function blocksOf(file: Uint8Array): readonly ReadBlock[] {
  const read = readAllOf(file)
  return typeof read === 'string' ? [] : read
}

describe('the header of a CAR', () => {
  it('is the one of the specification, as another decoder reads it', () => {
    const file = fileOf(carFile(small))
    const length = file[0] as number
    const header = decodeReference<{ version: number; roots: unknown[] }>(file.subarray(1, 1 + length))
    expect(header.version).toBe(1)
    expect(String(header.roots[0])).toBe(small[0]?.cid.toString())
  })
})
