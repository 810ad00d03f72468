import { describe, expect, it } from 'vitest'
import { type Asking, askPeers } from '../../../../src/adapters/helia/ask-peers.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

/** Lets everything run that waits for nothing but its turn. */
const settle = (): Promise<void> => new Promise((done) => setImmediate(done))

interface Call {
  readonly peer: string
  readonly signal: AbortSignal
  readonly answer: (value: string) => void
  readonly refuse: (error?: Error) => void
}

function ask(peers: readonly string[]) {
  const clock = new ManualClock()
  const stop = new AbortController()
  const calls: Call[] = []
  const asking: Asking<string, string> = {
    peers: () => peers,
    keyOf: String,
    clock,
    signal: stop.signal,
    ask: (peer, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      calls.push({ peer, signal, answer: resolve, refuse: (error = new Error('no')) => reject(error) })
      return promise
    },
  }
  const answer = askPeers(asking)
  answer.catch(() => undefined)
  const asked = (): string => calls.map(({ peer }) => peer).join('')
  const call = (at: number): Call => calls[at] as Call
  const running = (): number => calls.filter(({ signal }) => !signal.aborted).length
  return { answer, asked, call, clock, running, stop }
}

describe('asking peers', () => {
  it('asks the first alone, and the next at once when it refuses', async () => {
    const { answer, asked, call } = ask(['a', 'b'])
    expect(asked()).toBe('a')
    call(0).refuse()
    await settle()
    expect(asked()).toBe('ab')
    call(1).answer('here')
    expect(await answer).toBe('here')
  })

  it('asks the next beside one that is silent, and ends all others with the first answer', async () => {
    const { answer, asked, call, clock, running } = ask(['a', 'b', 'c', 'd', 'e'])
    for (let n = 0; n < 30; n++) {
      clock.advance(100)
      await settle()
    }
    expect(running()).toBeLessThanOrEqual(3)
    expect(asked()).toContain('b')
    const last = asked().length - 1
    call(last).answer('late')
    expect(await answer).toBe('late')
    for (let at = 0; at < last; at++) expect(call(at).signal.aborted).toBe(true)
    expect(clock.waiting).toBe(0)
  })

  it('asks a peer again that refused, later each time', async () => {
    const { asked, call, clock, stop } = ask(['a'])
    const times: number[] = []
    for (let n = 0; n < 100; n++) {
      while (times.length < asked().length) {
        call(times.length).refuse()
        times.push(clock.monotonicMs())
        await settle()
      }
      clock.advance(100)
      await settle()
    }
    const waits = times.slice(1).map((at, n) => at - (times[n] as number))
    expect(waits.length).toBeGreaterThan(2)
    expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    stop.abort(new Error('enough'))
  })

  it('ends with a fault of ours at once, and with the reason of who stops it', async () => {
    const full = ask(['a', 'b'])
    full.call(0).refuse(new FaultError('store-full', 'no room'))
    await expect(full.answer).rejects.toMatchObject({ code: 'store-full' })
    const stopped = ask(['a'])
    stopped.stop.abort(new Error('enough'))
    await expect(stopped.answer).rejects.toThrow('enough')
    expect(stopped.call(0).signal.aborted).toBe(true)
  })
})
