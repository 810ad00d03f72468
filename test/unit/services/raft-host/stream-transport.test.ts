import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { FRAME_BYTES_MAX } from '../../../../src/codec/raft-frame/frame.ts'
import { encodeHello } from '../../../../src/codec/raft-frame/hello.ts'
import { lengthPrefix } from '../../../../src/codec/raft-frame/length-prefix.ts'
import type { RaftId } from '../../../../src/model/raft.ts'
import type { ByteStream } from '../../../../src/ports/raft-transport.ts'
import { StreamTransport } from '../../../../src/services/raft-host/stream-transport.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

const [SELF, PEER, STRANGER] = [1 as RaftId, 2 as RaftId, 9 as RaftId]
const NETWORK = new Uint8Array(32).fill(7)
const HELLO = encodeHello({ network: NETWORK, sender: PEER, incarnation: 1 })

/** A stream that brings these pieces and then stays open, and remembers why it was closed. */
function streamOf(pieces: readonly Uint8Array[]) {
  const closed: (string | undefined)[] = []
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const written: Uint8Array[] = []
  const stream: ByteStream = {
    incoming: (async function* () {
      for (const piece of pieces) {
        if (closed.length > 0) return
        yield piece
      }
      await ended
    })(),
    write: (bytes) => Promise.resolve(void written.push(bytes)),
    close(reason) {
      closed.push(reason)
      end()
    },
  }
  return { stream, closed, written, end }
}

function transportOf(
  dial: (peer: RaftId) => Promise<ByteStream> = () => Promise.reject(new Error('nobody')),
) {
  const heard: [RaftId, string][] = []
  const clock = new ManualClock()
  const transport = new StreamTransport({
    self: SELF,
    incarnation: 1,
    network: NETWORK,
    clock,
    dial,
    knows: (peer) => peer === PEER,
    listener: { onFrame: (from, frame) => heard.push([from, Buffer.from(frame).toString('hex')]) },
    queueBytesMax: 1000,
  })
  return { transport, heard, clock }
}

function framed(...frames: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...frames.flatMap((frame) => [lengthPrefix(frame.length), frame]))
}

/** Lets what is due happen: all that waits here waits for promises alone. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

/** Why a stream with these bytes is closed, and what is heard of it. */
async function take(bytes: Uint8Array, authenticated?: RaftId) {
  const { transport, heard } = transportOf()
  const { stream, closed, end } = streamOf([bytes])
  const over = transport.accept(stream, authenticated)
  await settle()
  const why = closed[0]
  end()
  await over
  return { why, heard }
}

describe('an incoming stream', () => {
  it('is heard once it has greeted', async () => {
    expect(await take(framed(HELLO, Uint8Array.of(1), Uint8Array.of(2, 3)), PEER)).toEqual({
      why: undefined,
      heard: [
        [PEER, '01'],
        [PEER, '0203'],
      ],
    })
  })

  it.each([
    ['another protocol', framed(HELLO.map((byte, at) => (at === 0 ? byte ^ 1 : byte))), 'MALFORMED'],
    ['another version', framed(HELLO.map((byte, at) => (at === 4 ? 2 : byte))), 'MALFORMED'],
    ['more than a greeting', framed(concatBytes(HELLO, Uint8Array.of(0))), 'MALFORMED'],
    ['another network', framed(HELLO.map((byte, at) => (at === 5 ? 8 : byte))), 'WRONG_NETWORK'],
    ['a node 0', framed(encodeHello({ network: NETWORK, sender: 0 as RaftId, incarnation: 1 })), 'MALFORMED'],
    [
      'a node that is not known',
      framed(encodeHello({ network: NETWORK, sender: STRANGER, incarnation: 1 })),
      'an unknown node',
    ],
    ['a frame above the bound', lengthPrefix(FRAME_BYTES_MAX + 1), 'TOO_LARGE'],
    ['an empty frame', lengthPrefix(0), 'MALFORMED'],
    ['a greeting without end', concatBytes(lengthPrefix(100_000), new Uint8Array(2000)), 'no greeting'],
  ])('with %s is closed, saying why, and nothing of it is heard', async (_, bytes, why) => {
    expect(await take(concatBytes(bytes, framed(Uint8Array.of(1))))).toEqual({ why, heard: [] })
  })

  it('is closed when its greeting names another than who opened it', async () => {
    expect(await take(framed(HELLO, Uint8Array.of(1)), STRANGER)).toEqual({
      why: 'not who the stream says',
      heard: [],
    })
  })

  it('is closed when it does not greet in ten seconds', async () => {
    const { transport, clock } = transportOf()
    const { stream, closed } = streamOf([])
    const over = transport.accept(stream)
    clock.advance(9_999)
    expect(closed).toEqual([])
    clock.advance(1)
    await over
    expect(closed[0]).toBe('no greeting')
    expect(clock.waiting).toBe(0)
  })

  it('of a known node takes the place of the one before it', async () => {
    const { transport, heard } = transportOf()
    const first = streamOf([framed(HELLO)])
    const one = transport.accept(first.stream)
    await settle()
    const second = streamOf([framed(HELLO, Uint8Array.of(5))])
    const two = transport.accept(second.stream)
    await one
    await settle()
    expect(first.closed[0]).toBe('a newer stream')
    expect(heard).toEqual([[PEER, '05']])
    transport.distrust(PEER, 'it lies')
    await two
    expect(second.closed[0]).toBe('it lies')
  })

  it('means the same however it is cut into pieces', async () => {
    const frame = fc.uint8Array({ minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(60)), async (frames, cuts) => {
        const whole = framed(HELLO, ...frames)
        const pieces: Uint8Array[] = []
        let at = 0
        for (const cut of cuts) pieces.push(whole.subarray(at, (at += cut)))
        pieces.push(whole.subarray(at))
        const { transport, heard } = transportOf()
        const { stream, closed, end } = streamOf(pieces)
        const over = transport.accept(stream)
        await settle()
        await settle()
        end()
        await over
        expect(heard.map(([, hex]) => hex)).toEqual(frames.map((one) => Buffer.from(one).toString('hex')))
        expect(closed).toEqual([undefined])
      }),
      { numRuns: 200 },
    )
  })

  it('with arbitrary bytes or bytes that were changed never throws, and is closed with a reason or heard', async () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) })
    const damaged = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
      const bytes = framed(HELLO, Uint8Array.of(1, 2, 3), new Uint8Array(30).fill(9))
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte
      return bytes
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), async (bytes) => {
        const { why, heard } = await take(bytes)
        // What is heard is heard of the node that greeted; the other streams ended, or wait for the rest.
        for (const [from] of heard) expect(from).toBe(PEER)
        if (why !== undefined) expect(why).toMatch(/^[A-Z_]+$|^no greeting$|^an unknown node$/u)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an outgoing stream', () => {
  it('greets first, and takes frames only while it is open and its queue has room', async () => {
    const target = streamOf([])
    const { transport } = transportOf(() => Promise.resolve(target.stream))
    expect(transport.send(PEER, Uint8Array.of(1))).toBe(false)
    transport.follow(new Set([PEER]))
    expect(transport.send(PEER, Uint8Array.of(1))).toBe(false)
    await settle()
    expect(transport.send(PEER, new Uint8Array(1001))).toBe(false)
    expect(transport.send(PEER, Uint8Array.of(4, 2))).toBe(true)
    await settle()
    const own = encodeHello({ network: NETWORK, sender: SELF, incarnation: 1 })
    expect(concatBytes(...target.written)).toEqual(framed(own, Uint8Array.of(4, 2)))
    transport.close()
    expect(target.closed.length).toBeGreaterThan(0)
  })

  it('that is stuck delays no other, and is dropped from when its queue is full', async () => {
    const other = streamOf([])
    const stuck: ByteStream = { ...streamOf([]).stream, write: () => new Promise(() => undefined) }
    const greeted = {
      ...stuck,
      write: (bytes: Uint8Array) => (bytes.length === 57 ? Promise.resolve() : stuck.write(bytes)),
    }
    const { transport } = transportOf((peer) => Promise.resolve(peer === PEER ? greeted : other.stream))
    transport.follow(new Set([PEER, STRANGER]))
    await settle()
    expect(transport.send(PEER, new Uint8Array(10))).toBe(true)
    expect(transport.send(PEER, new Uint8Array(900))).toBe(true)
    expect(transport.send(PEER, new Uint8Array(900))).toBe(false)
    expect(transport.send(STRANGER, new Uint8Array(900))).toBe(true)
    await settle()
    expect(concatBytes(...other.written).length).toBe(57 + 4 + 900)
    transport.close()
  })
})
