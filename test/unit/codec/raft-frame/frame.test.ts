import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEntry, encodeEntry } from '../../../../src/codec/raft-frame/entry.ts'
import {
  CHUNK_BYTES,
  decodeFrame,
  encodeFrame,
  FRAME_BYTES_MAX,
  itemBytes,
} from '../../../../src/codec/raft-frame/frame.ts'
import { decodeHello, encodeHello } from '../../../../src/codec/raft-frame/hello.ts'
import { WireReader } from '../../../../src/codec/raft-frame/wire-reader.ts'
import { WireWriter } from '../../../../src/codec/raft-frame/wire-writer.ts'
import { DefectError } from '../../../../src/model/fault.ts'
import type { RaftId } from '../../../../src/model/raft.ts'
import { anyEntryItem, anyFrameItem } from './arbitrary-item.ts'

const RUNS = { numRuns: 400 }
const frames = fc.array(anyFrameItem, { maxLength: 8 })

/** Sound bytes with a few of them changed, cut or added to: what gets furthest into a decoder. */
function mutated(sound: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 })
  return fc
    .tuple(sound, changes, fc.nat(), fc.uint8Array({ maxLength: 8 }))
    .map(([bytes, list, cut, tail]) => {
      const changed = bytes.slice()
      for (const [at, value] of list) if (changed.length > 0) changed[at % changed.length] = value
      return Uint8Array.from([
        ...changed.slice(0, cut % 3 === 0 ? cut % (changed.length + 1) : changed.length),
        ...(cut % 5 === 0 ? tail : []),
      ])
    })
}

describe('a frame', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(frames, (items) => {
        expect(decodeFrame(encodeFrame(items))).toEqual({ ok: true, value: items })
      }),
      RUNS,
    )
  })

  it('is one spelling of its items: what decodes encodes to the same bytes', () => {
    fc.assert(
      fc.property(mutated(frames.map(encodeFrame)), (bytes) => {
        const items = decodeFrame(bytes)
        if (items.ok) expect(encodeFrame(items.value)).toEqual(bytes)
      }),
      RUNS,
    )
  })

  it('of any bytes is items or a rejection, never a throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated(frames.map(encodeFrame))), (bytes) => {
        const items = decodeFrame(bytes)
        if (!items.ok) expect(items.error.code).toBe('MALFORMED')
      }),
      { numRuns: 3000 },
    )
  })

  it('is nothing with a byte left out at its end, or one too many', () => {
    fc.assert(
      fc.property(frames, (items) => {
        const bytes = encodeFrame(items)
        expect(decodeFrame(bytes.subarray(0, -1)).ok).toBe(false)
        expect(decodeFrame(Uint8Array.from([...bytes, 0])).ok).toBe(false)
      }),
      { numRuns: 100 },
    )
  })

  it('of another version, of an unknown kind, or above the bound is refused', () => {
    const sound = encodeFrame([{ kind: 'alive' }])
    expect(decodeFrame(sound.with(0, 2))).toMatchObject({ error: { code: 'MALFORMED' } })
    expect(decodeFrame(sound.with(5, 200))).toMatchObject({ error: { code: 'MALFORMED' } })
    expect(decodeFrame(new Uint8Array(FRAME_BYTES_MAX + 1))).toMatchObject({ error: { code: 'TOO_LARGE' } })
  })

  it('says how many items it has at most for its bytes: a count that cannot be true costs nothing', () => {
    const lie = new WireWriter()
    lie.u8(1)
    lie.u32(2 ** 32 - 1)
    expect(decodeFrame(lie.finish())).toMatchObject({ error: { code: 'MALFORMED' } })
  })

  it('has no part of a state above its bound', () => {
    const digest = new Uint8Array(32)
    const chunk = (length: number) =>
      encodeFrame([
        {
          kind: 'chunk',
          group: 0 as never,
          index: 1 as never,
          digest,
          chunk: 0,
          bytes: new Uint8Array(length),
        },
      ])
    expect(decodeFrame(chunk(CHUNK_BYTES)).ok).toBe(true)
    expect(decodeFrame(chunk(CHUNK_BYTES + 1))).toMatchObject({ error: { code: 'MALFORMED' } })
  })

  it('is about as long as its items say', () => {
    fc.assert(
      fc.property(anyFrameItem, (item) => {
        // Texts are at most 240 bytes here, and each answer may have one.
        const slack = item.kind === 'answers' ? 600 * item.batch.verdicts.length : 400
        expect(encodeFrame([item]).length).toBeLessThan(itemBytes(item) + slack)
      }),
      RUNS,
    )
  })
})

describe('an entry', () => {
  const entries = fc.array(anyEntryItem, { minLength: 1, maxLength: 6 })

  it('comes back as it was', () => {
    fc.assert(
      fc.property(entries, (items) => {
        expect(decodeEntry(encodeEntry(items))).toEqual({ ok: true, value: items })
      }),
      RUNS,
    )
  })

  it('of any bytes is items or a rejection, never a throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated(entries.map(encodeEntry))), (bytes) => {
        const items = decodeEntry(bytes)
        if (items.ok) expect(encodeEntry(items.value)).toEqual(bytes)
        else expect(items.error.code).toBe('MALFORMED')
      }),
      { numRuns: 2000 },
    )
  })

  it('is never of nothing', () => {
    expect(decodeEntry(encodeEntry([]))).toMatchObject({ error: { code: 'MALFORMED' } })
  })
})

describe('the first frame of a stream', () => {
  const hellos = fc.record({
    network: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    sender: fc.integer({ min: 1 }).map((id) => id as RaftId),
    incarnation: fc.maxSafeNat(),
  })

  it('comes back as it was', () => {
    fc.assert(
      fc.property(hellos, (hello) => {
        expect(decodeHello(encodeHello(hello))).toEqual({ ok: true, value: hello })
      }),
    )
  })

  it('of any bytes is a greeting or a rejection, never a throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated(hellos.map(encodeHello))), (bytes) => {
        const hello = decodeHello(bytes)
        if (hello.ok) expect(encodeHello(hello.value)).toEqual(bytes)
        else expect(hello.error.code).toBe('MALFORMED')
      }),
      { numRuns: 2000 },
    )
  })
})

describe('reading fields', () => {
  it('gives nothing more once something was not there', () => {
    const from = new WireReader(Uint8Array.of(1, 2, 3))
    expect(from.u8()).toBe(1)
    expect(from.u32()).toBe(0)
    expect([from.u8(), from.left, from.bad, from.done]).toEqual([0, 0, true, false])
  })

  it('takes no number from 2^53 on, no flag but 0 and 1, and no text that is not UTF-8', () => {
    const of = (...bytes: number[]): WireReader => new WireReader(Uint8Array.from(bytes))
    const numbers = of(0, 0, 0, 0, 0, 0, 0x20, 0)
    numbers.number()
    const flags = of(2)
    flags.flag()
    const texts = of(1, 0, 0, 0, 0xff)
    texts.text(9)
    expect([numbers.bad, flags.bad, texts.bad]).toEqual([true, true, true])
    expect(() => new WireWriter().number(2 ** 53)).toThrow(DefectError)
  })
})
