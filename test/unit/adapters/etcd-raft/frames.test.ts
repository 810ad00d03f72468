import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OPERATION, REASONS } from '../../../../src/adapters/etcd-raft/frame-format.ts'
import { FrameReader } from '../../../../src/adapters/etcd-raft/frame-reader.ts'
import { FrameWriter } from '../../../../src/adapters/etcd-raft/frame-writer.ts'
import { DefectError } from '../../../../src/model/fault.ts'

const SHIM = new URL('../../../../src/adapters/etcd-raft/shim/', import.meta.url)

describe('both sides count the same', () => {
  /** The names of a Go constant list, in order, in the spelling that TypeScript has. */
  function constants(file: string, first: string, spell: (name: string) => string): readonly string[] {
    const text = readFileSync(new URL(file, SHIM), 'utf8')
    const list = new RegExp(String.raw`const \(\n\t(${first}[\s\S]*?)\n\)`, 'u').exec(text)?.[1] ?? ''
    return list.split('\n').map((line) => spell(line.trim().split(' ')[0] ?? ''))
  }

  it('reasons', () => {
    const kebab = (name: string): string => name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)
    expect(constants('outcome.go', 'done reason', kebab)).toEqual(REASONS)
  })

  it('operations', () => {
    const bare = (name: string): string => name.charAt(2).toLowerCase() + name.slice(3)
    const names = constants('engine.go', 'opOpen', bare)
    expect(names).toEqual([...Object.keys(OPERATION), 'end'])
    expect(Object.values(OPERATION)).toEqual(Object.keys(OPERATION).map((_, at) => at + 1))
  })
})

describe('frames', () => {
  const field = fc.oneof(
    fc.record({ kind: fc.constant('u8' as const), value: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ kind: fc.constant('u32' as const), value: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
    fc.record({ kind: fc.constant('number' as const), value: fc.maxSafeNat() }),
    fc.record({ kind: fc.constant('flag' as const), value: fc.boolean() }),
    fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 300 }) }),
  )

  function write(
    out: FrameWriter,
    fields: readonly (typeof field extends fc.Arbitrary<infer F> ? F : never)[],
  ): void {
    for (const one of fields) {
      if (one.kind === 'bytes') out.bytes(one.value)
      else if (one.kind === 'flag') out.flag(one.value)
      else out[one.kind](one.value)
    }
  }

  it('what is written is read, item by item', () => {
    const out = new FrameWriter()
    fc.assert(
      fc.property(fc.array(fc.array(field, { maxLength: 10 }), { maxLength: 20 }), (items) => {
        out.begin(OPERATION.step)
        for (const fields of items) out.item(() => write(out, fields))
        const from = new FrameReader(out.finish())
        expect([from.u8(), from.u8(), from.u8(), from.u8(), from.u32()]).toEqual([1, 4, 0, 0, items.length])
        const read = items.map((fields) =>
          from.within(() => fields.map(({ kind }) => ({ kind, value: from[kind]() }))),
        )
        expect(read).toEqual(items)
        expect(from.ended).toBe(true)
      }),
    )
  })

  it('a frame grows as far as it must', () => {
    const out = new FrameWriter()
    for (const size of [10, 5_000_000, 10]) {
      out.begin(OPERATION.step)
      out.item(() => out.bytes(new Uint8Array(size).fill(3)))
      const frame = out.finish()
      expect(frame.length).toBe(8 + 4 + 4 + size)
      expect(frame.at(-1)).toBe(3)
    }
  })

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('%d does not go into a frame', (value) => {
    const out = new FrameWriter()
    out.begin(OPERATION.step)
    expect(() => out.item(() => out.number(value))).toThrow(DefectError)
  })

  it.each([
    ['a number from 2^53 on', [0, 0, 0, 0, 0, 0, 0x20, 0], (from: FrameReader) => from.number()],
    ['a number cut short', [0, 0, 0], (from: FrameReader) => from.number()],
    ['bytes cut short', [4, 0, 0, 0, 1, 2, 3], (from: FrameReader) => from.bytes()],
    ['a flag of 2', [2], (from: FrameReader) => from.flag()],
    ['an item longer than the rest', [9, 0, 0, 0, 1], (from: FrameReader) => from.within(() => from.u8())],
    ['an item with more in it', [2, 0, 0, 0, 1, 1], (from: FrameReader) => from.within(() => from.u8())],
    ['an item with less in it', [1, 0, 0, 0, 1, 1], (from: FrameReader) => from.within(() => from.u32())],
  ])('%s is a defect', (_, bytes, read) => {
    expect(() => read(new FrameReader(Uint8Array.from(bytes)))).toThrow(DefectError)
  })
})
