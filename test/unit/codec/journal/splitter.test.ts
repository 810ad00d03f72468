import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LINE_BYTES_MAX } from '../../../../src/codec/journal/limits.ts'
import { LineSplitter } from '../../../../src/codec/journal/splitter.ts'
import { utf8 } from '../../../setup/journal.ts'

interface Split {
  readonly lines: readonly (readonly [offset: number, text: string])[]
  readonly rest: readonly [offset: number, text: string, length: number]
}

function split(text: string, sizes: readonly number[]): Split {
  const bytes = utf8(text)
  const splitter = new LineSplitter()
  const lines: [number, string][] = []
  const cuts = [...sizes, bytes.length]
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = Math.min(bytes.length, at + (cuts[i] ?? bytes.length))
    const chunk = bytes.slice(at, end)
    for (const line of splitter.push(chunk)) lines.push([line.offset, Buffer.from(line.bytes).toString()])
    chunk.fill(0) // a chunk's memory is the store's again
    at = end
  }
  const rest = splitter.rest()
  return { lines, rest: [rest.offset, Buffer.from(rest.bytes).toString(), rest.length] }
}

describe('LineSplitter', () => {
  it('finds the same lines and offsets however the bytes are cut into chunks', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 60 })
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 60, maxLength: 60 })
    fc.assert(
      fc.property(text, sizes, (all, cuts) => {
        const parts = all.split('\n')
        const lines: [number, string][] = []
        let offset = 0
        for (const part of parts.slice(0, -1)) {
          lines.push([offset, part])
          offset += part.length + 1
        }
        const last = parts.at(-1) ?? ''
        expect(split(all, cuts)).toEqual({ lines, rest: [offset, last, last.length] })
      }),
    )
  })

  it('counts offsets from the place where it was told to start', () => {
    const splitter = new LineSplitter(100)
    expect(splitter.push(utf8('ab\ncd\ne')).map(({ offset }) => offset)).toEqual([100, 103])
    expect(splitter.rest()).toMatchObject({ offset: 106, length: 1 })
  })

  it('holds a bounded part of an endless line, and goes on behind it', () => {
    const splitter = new LineSplitter()
    const chunk = new Uint8Array(65_536).fill(0x61)
    for (let i = 0; i < 100; i++) {
      expect(splitter.push(chunk)).toEqual([])
      expect(splitter.rest().bytes.length).toBeLessThan(LINE_BYTES_MAX + chunk.length)
    }
    expect(splitter.rest().length).toBe(100 * chunk.length)
    const [long, next] = splitter.push(utf8('\nb\n'))
    expect(long?.bytes.length).toBeGreaterThanOrEqual(LINE_BYTES_MAX)
    expect(next).toEqual({ bytes: utf8('b'), offset: 100 * chunk.length + 1 })
  })
})
