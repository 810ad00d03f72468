import { deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { readChangeHead } from '../../../../src/codec/plan-sync/change-head.ts'
import { decodeSyncMessage, encodeBareSyncMessage } from '../../../../src/codec/plan-sync/sync-message.ts'
import { varintOf } from '../../../../src/codec/varint.ts'
import { readyAutomerge } from '../../../setup/automerge-wasm.ts'
import { sha256 } from '../sha256.ts'

let A: Awaited<ReturnType<typeof readyAutomerge>>
beforeAll(async () => {
  A = await readyAutomerge()
})

const inflate = (bytes: Uint8Array, bytesMax: number): Uint8Array | undefined => {
  try {
    return inflateRawSync(bytes, { maxOutputLength: bytesMax })
  } catch {
    return undefined
  }
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const codeOf = (read: { ok: boolean; error?: { code: string } }): string =>
  read.ok ? 'ok' : (read.error?.code ?? '')

function changeOf(actor: string, size: number): Uint8Array {
  const doc = A.change(A.init<{ list: number[] }>({ actor }), { time: 0, message: `m ${size}` }, (d) => {
    d.list = Array.from({ length: size }, (_, n) => n)
  })
  return A.getLastLocalChange(doc) as Uint8Array
}

describe('the head of a change', () => {
  it('is what the library reads of the whole, plain and deflated', () => {
    for (const size of [0, 3, 2_000]) {
      const bytes = changeOf('ab'.repeat(32), size)
      const whole = A.decodeChange(bytes)
      const read = readChangeHead(bytes, sha256, inflate)
      expect(read.ok && [hex(read.value.hash), hex(read.value.actor), read.value.message]).toEqual([
        whole.hash,
        whole.actor,
        whole.message,
      ])
      const at = 9 + varintOf(bytes.length - 10).length
      const body = bytes.subarray(at)
      const deflated = deflateRawSync(body)
      const chunk = concatBytes(bytes.subarray(0, 8), Uint8Array.of(2), varintOf(deflated.length), deflated)
      const again = readChangeHead(chunk, sha256, inflate)
      expect(again.ok && hex(again.value.hash)).toBe(whole.hash)
    }
  })

  it('is refused when it inflates beyond its bound, is a document, or has another checksum', () => {
    const magic = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0)
    const bomb = deflateRawSync(Buffer.alloc(10_000_000))
    const chunk = concatBytes(magic, Uint8Array.of(2), varintOf(bomb.length), bomb)
    expect(codeOf(readChangeHead(chunk, sha256, inflate))).toBe('TOO_LARGE')
    expect(codeOf(readChangeHead(new Uint8Array(262_145), sha256, inflate))).toBe('TOO_LARGE')
    const doc = A.save(A.from({ a: 1 }))
    expect(codeOf(readChangeHead(doc, sha256, inflate))).toBe('MALFORMED')
    const changed = changeOf('ab'.repeat(32), 3).slice()
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1
    expect(codeOf(readChangeHead(changed, sha256, inflate))).toBe('MALFORMED')
    expect(codeOf(readChangeHead(changeOf('ab', 3), sha256, inflate))).toBe('MALFORMED')
  })

  it('any change of any byte is refused or read, never thrown over', () => {
    const good = changeOf('cd'.repeat(32), 5)
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.nat(255),
        fc.uint8Array({ maxLength: 64 }),
        (at, value, tail) => {
          const changed = good.slice()
          changed[at] = value
          for (const bytes of [changed, good.subarray(0, at), tail])
            expect(['ok', 'MALFORMED', 'TOO_LARGE']).toContain(codeOf(readChangeHead(bytes, sha256, inflate)))
        },
      ),
    )
  })
})

describe('a sync message', () => {
  /** Every message of a sync between two documents, the first time and again. */
  function messages(): readonly Uint8Array[] {
    let a = A.init<Record<string, number>>()
    let b = A.init<Record<string, number>>()
    let [forA, forB] = [A.initSyncState(), A.initSyncState()]
    const said: Uint8Array[] = []
    for (let round = 0; round < 12; round++) {
      if (round % 6 === 0) {
        for (let n = 0; n < 20; n++) a = A.change(a, (d) => void (d[`a${round}${n}`] = n))
        b = A.change(b, (d) => void (d[`b${round}`] = 1))
      }
      const [nextA, toB] = A.generateSyncMessage(a, forA)
      forA = nextA
      if (toB !== null) [b, forB] = A.receiveSyncMessage(b, forB, bare(toB, said, true))
      const [nextB, toA] = A.generateSyncMessage(b, forB)
      forB = nextB
      if (toA !== null) [a, forA] = A.receiveSyncMessage(a, forA, bare(toA, said, true))
    }
    expect(A.toJS(a)).toEqual(A.toJS(b))
    return said
  }

  /** As it came, but without capabilities: then no side says anything of version 2. */
  function bare(message: Uint8Array, said: Uint8Array[], withChanges: boolean): Uint8Array {
    said.push(message)
    const read = decodeSyncMessage(message)
    if (!read.ok || !withChanges) throw new Error(codeOf(read))
    const list = read.value.changes.flatMap((change) => [varintOf(change.length), change])
    const head = encodeBareSyncMessage(read.value)
    return concatBytes(head.subarray(0, -1), varintOf(read.value.changes.length), ...list)
  }

  it('is taken apart as the library does, and put together again without its changes', () => {
    const said = messages()
    expect(said.length).toBeGreaterThan(4)
    for (const message of said) {
      const whole = A.decodeSyncMessage(message)
      const read = decodeSyncMessage(message)
      if (!read.ok) throw new Error(read.error.message)
      expect(read.value.heads.map(hex)).toEqual(whole.heads)
      expect(read.value.need.map(hex)).toEqual(whole.need)
      expect(read.value.changes.map(hex)).toEqual(whole.changes.map(hex))
      const again = A.decodeSyncMessage(encodeBareSyncMessage(read.value))
      expect([again.heads, again.need, again.have, again.changes]).toEqual([
        whole.heads,
        whole.need,
        whole.have,
        [],
      ])
    }
  })

  it('is refused with a filter of other figures than the library uses, and with counts beyond its bounds', () => {
    const message = (bloom: readonly number[]): Uint8Array =>
      Uint8Array.of(0x42, 0, 0, 1, 0, bloom.length, ...bloom, 0)
    expect(codeOf(decodeSyncMessage(message([])))).toBe('ok')
    expect(codeOf(decodeSyncMessage(message([1, 10, 7, 1, 2])))).toBe('ok')
    expect(codeOf(decodeSyncMessage(message([1, 10, 0xff, 0xff, 0x7f, 1, 2])))).toBe('MALFORMED')
    expect(codeOf(decodeSyncMessage(message([0xff, 0x7f, 10, 7, 1, 2])))).toBe('MALFORMED')
    expect(codeOf(decodeSyncMessage(Uint8Array.of(0x43, 0, 0, 0, 0)))).toBe('MALFORMED')
    expect(codeOf(decodeSyncMessage(Uint8Array.of(0x42, 0xff, 0x7f)))).toBe('MALFORMED')
    expect(codeOf(decodeSyncMessage(new Uint8Array(1_048_577)))).toBe('TOO_LARGE')
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeSyncMessage(bytes)))
  })
})
