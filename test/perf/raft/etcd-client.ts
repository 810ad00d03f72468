import { Http2Unary } from './http2-unary.ts'
import type { PutStore } from './put-store.ts'

const EQUAL_CREATE = Uint8Array.of(0x10, 0x01) // Compare.target = CREATE; result EQUAL is 0, which is not written
const REVISION_0 = Uint8Array.of(0x28, 0x00) // Compare.create_revision = 0

/** A node of etcd, over gRPC: one connection, any number of callers. Source: etcd's rpc.proto, v3.4. */
export async function dialEtcd(port: number): Promise<PutStore> {
  const unary = await Http2Unary.dial(port, '/etcdserverpb.KV/Txn')
  return {
    async put(key, value) {
      return hasSucceeded(await unary.call(putIfAbsent(key, value)))
    },
    close: () => unary.close(),
  }
}

/** How many keys there are with the first byte of ours. */
export async function countEtcdKeys(port: number, first: number): Promise<number> {
  const unary = await Http2Unary.dial(port, '/etcdserverpb.KV/Range')
  const countOnly = Uint8Array.of(0x48, 0x01)
  const range = [field(1, Uint8Array.of(first)), field(2, Uint8Array.of(first + 1)), countOnly]
  const answer = await unary.call(Buffer.concat(range))
  unary.close()
  return numbers(answer).get(4) ?? 0
}

/** if create_revision(key) == 0 then put(key, value) */
function putIfAbsent(key: Uint8Array, value: Uint8Array): Uint8Array {
  const compare = Buffer.concat([EQUAL_CREATE, field(3, key), REVISION_0])
  const put = Buffer.concat([field(1, key), field(2, value)])
  return Buffer.concat([field(1, compare), field(2, field(2, put))])
}

/** TxnResponse.succeeded */
function hasSucceeded(message: Uint8Array): boolean {
  return numbers(message).get(2) === 1
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes])
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

/** The numbers among the fields of a message. */
function numbers(message: Uint8Array): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  for (let at = 0; at < message.length; ) {
    const tag = readVarint(message, at)
    const value = readVarint(message, tag.end)
    const isNumber = (tag.value & 7) === 0
    if (isNumber) found.set(tag.value >>> 3, value.value)
    at = isNumber ? value.end : value.end + value.value
  }
  return found
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let [value, at, scale] = [0, start, 1]
  for (; (bytes[at] ?? 0) >= 0x80; at++, scale *= 128) value += ((bytes[at] ?? 0) & 0x7f) * scale
  return { value: value + (bytes[at] ?? 0) * scale, end: at + 1 }
}
