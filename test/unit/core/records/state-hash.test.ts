import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { decodeState, encodeState } from '../../../../src/core/records/encode-state.ts'
import { encodeRow } from '../../../../src/core/records/row.ts'
import { recomputeStateHash, StateHash } from '../../../../src/core/records/state-hash.ts'
import { Records } from '../../../../src/core/records/tables.ts'
import type { RecordValue, Write } from '../../../../src/core/records/view.ts'

const { sha256 } = nodeCrypto
type Tables = { readonly [table: string]: RecordValue }

const key = fc.oneof(
  fc.nat(60).map((n) => `k${n}`),
  fc.constantFrom('$', '$$', '/', '__proto__', 'constructor'),
)
const value: fc.Arbitrary<RecordValue> = fc.letrec<{ value: RecordValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.bigInt(),
    fc.string(),
    fc.uint8Array({ maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom('a', '$', '$a', 'b'), tie('value')), { maxLength: 3 })
      .map((entries) => Object.fromEntries(entries) as RecordValue),
  ),
})).value
const write: fc.Arbitrary<Write<Tables>> = fc
  .tuple(fc.constantFrom('t1', 't2'), key, fc.option(value, { nil: undefined }))
  .map(([table, name, of]) => ({ table, key: name, value: of }))

function stateOf(writes: readonly Write<Tables>[]): Records<Tables> {
  const records = new Records<Tables>()
  records.apply(writes)
  return records
}

/** The same state after a stop and a start: nothing of it is read yet. */
function again(records: Records<Tables>): Records<Tables> {
  const read = decodeState<Tables>(encodeState(records), true)
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}

function contentOf(records: Records<Tables>): unknown {
  return records
    .names()
    .map((table) => [table, records.keys(table).map((name) => [name, records.get(table, name)])])
}

describe('the hash of a state (architecture.md, "Batching is the design": incremental, recomputed to compare)', () => {
  it('kept with every change it is the one that is made from all records', () => {
    fc.assert(
      fc.property(fc.array(fc.array(write, { maxLength: 40 }), { maxLength: 12 }), (steps) => {
        const records = new Records<Tables>()
        const hash = new StateHash(records, sha256)
        for (const writes of steps) {
          records.apply(writes)
          expect(hash.current()).toEqual(recomputeStateHash(records, sha256))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('follows from the records alone, not from what led to them', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 120 }), fc.infiniteStream(fc.nat()), (writes, order) => {
        const last = new Map(writes.map((one) => [`${one.table} ${one.key}`, one]))
        const shuffled = [...last.values()]
          .map((one) => [order.next().value ?? 0, one] as const)
          .sort(([a], [b]) => a - b)
          .map(([, one]) => one)
        const [a, b] = [stateOf(writes), stateOf(shuffled)]
        expect(new StateHash(a, sha256).current()).toEqual(new StateHash(b, sha256).current())
      }),
      { numRuns: 200 },
    )
  })

  it('a state that grew and shrank has the hash of one that was never larger', () => {
    const rows = Array.from({ length: 300 }, (_, i) => ({ table: 't', key: `k${i}`, value: i }))
    const records = stateOf(rows)
    const hash = new StateHash(records, sha256)
    hash.current()
    for (const left of [40, 17, 16, 3, 0]) {
      records.apply(rows.slice(left).map((row) => ({ ...row, value: undefined })))
      expect(hash.current()).toEqual(recomputeStateHash(stateOf(rows.slice(0, left)), sha256))
    }
  })

  it('any other record gives another hash', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 60 }), write, (writes, more) => {
        const before = stateOf(writes)
        const after = stateOf([...writes, more])
        const isSame = Buffer.concat(encodeState(before)).equals(Buffer.concat(encodeState(after)))
        const hashes = [before, after].map((one) => recomputeStateHash(one, sha256).toHex())
        expect(hashes[0] === hashes[1]).toBe(isSame)
      }),
      { numRuns: 300 },
    )
  })

  it('a value under another key, or in another table, is another state', () => {
    const hashes = (['t1', 't2'] as const).flatMap((table) =>
      ['a', 'b'].map((name) => recomputeStateHash(stateOf([{ table, key: name, value: 1 }]), sha256).toHex()),
    )
    expect(new Set(hashes).size).toBe(4)
  })
})

describe('a state in bytes (consensus.md, "The raft host": checkpoints)', () => {
  it('what was written is read, amounts and strange keys too', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 120 }), (writes) => {
        const records = stateOf(writes)
        const parts = encodeState(records)
        const read = decodeState<Tables>(parts)
        expect(read.ok && encodeState(read.value)).toEqual(parts)
        expect(read.ok && recomputeStateHash(read.value, sha256)).toEqual(recomputeStateHash(records, sha256))
      }),
      { numRuns: 200 },
    )
  })

  it('stored in between, as often as one likes, it says and hashes what it would if it never had been', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.array(write, { maxLength: 8 }) },
      { weight: 2, arbitrary: fc.constant('store' as const) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
      { weight: 1, arbitrary: fc.constant('hash' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let records = new Records<Tables>()
        let hash = new StateHash(records, sha256)
        const plain = new Records<Tables>()
        for (const one of steps) {
          if (one === 'hash') hash.current()
          else if (one === 'store') encodeState(records)
          else if (one === 'restart') {
            records = again(records)
            hash = new StateHash(records, sha256)
          } else for (const state of [records, plain]) state.apply(one)
          expect(contentOf(records)).toEqual(contentOf(plain))
        }
        expect(hash.current()).toEqual(recomputeStateHash(plain, sha256))
        expect(encodeState(records)).toEqual(encodeState(plain))
      }),
      { numRuns: 200 },
    )
  })

  it('keeps the bytes of what does not change, and encodes nothing of it again', () => {
    const rows = Array.from({ length: 50 }, (_, n) => ({ table: 't', key: `k${n}`, value: { n } }))
    const records = stateOf(rows)
    expect(records.row('t', 'k7')).toBeUndefined()
    const [first] = encodeState(records)
    const kept = records.row('t', 'k7')
    expect(kept).toEqual(encodeRow('t', 'k7', { n: 7 }))
    expect(kept?.buffer).toBe(first?.buffer)
    records.apply([{ table: 't', key: 'k8', value: { n: 80 } }])
    expect(records.row('t', 'k8')).toBeUndefined()
    const [second] = encodeState(records)
    expect(records.row('t', 'k7')?.buffer).toBe(second?.buffer)
    expect(records.get('t', 'k8')).toEqual({ n: 80 })
  })

  it('finds each row again in the part that it was stored in, of whatever length row and part are', () => {
    const around = [0x18, 0x100, 0x1_0000].flatMap((edge) => [edge - 12, edge - 1, edge, edge + 12])
    for (const rows of [
      around.map((length, n) => ({ table: 't', key: `k${n}`, value: new Uint8Array(length).fill(n) })),
      Array.from({ length: 300 }, (_, n) => ({ table: 't', key: `k${n}`, value: n })),
    ]) {
      const records = stateOf(rows)
      encodeState(records)
      for (const { key: name, value: said } of rows)
        expect(records.row('t', name)).toEqual(encodeRow('t', name, said))
    }
  })

  it('a large state has several parts, and their order counts', () => {
    const records = stateOf(
      Array.from({ length: 40 }, (_, i) => ({
        table: 't',
        key: `k${i}`,
        value: new Uint8Array(20_000).fill(i),
      })),
    )
    const parts = encodeState(records)
    expect(parts.length).toBeGreaterThan(2)
    expect(decodeState(parts).ok).toBe(true)
    expect(decodeState(parts.toReversed())).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
    expect(decodeState([...parts, ...parts.slice(-1)])).toMatchObject({ ok: false })
  })

  it('whatever stands in its place is read or refused, never thrown over', () => {
    const parts = encodeState(stateOf([{ table: 't', key: 'k', value: { a: 5n, b: [1, null] } }]))
    const [whole] = parts as [Uint8Array]
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(whole)
        changed[at] = byte
        expect(typeof decodeState([changed]).ok).toBe('boolean')
      }),
      { numRuns: 500 },
    )
  })
})
