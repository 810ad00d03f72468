import { afterEach, describe, expect, it } from 'vitest'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import { assert } from '../../../../src/model/fault.ts'
import { openMeshes, topicOf, until } from '../../../setup/meshes.ts'

const PROTOCOL = topicOf('ask/1')
const LIMITS = {
  bodyBytesMax: 1000,
  answerBytesMax: 1000,
  inFlightPerPeerMax: 2,
  timeoutMs: 5000,
  perSecondMax: 1,
  burstMax: 5,
}
const OPTIONS = { timeoutMs: 5000, answerBytesMax: 1000 }

let nodes: readonly Libp2pMesh[] = []
afterEach(async () => {
  await Promise.all(nodes.map(({ mesh }) => mesh.stop()))
})

async function twoNodes(): Promise<readonly [Libp2pMesh, Libp2pMesh]> {
  nodes = await openMeshes(2)
  const [a, b] = nodes
  assert(a !== undefined && b !== undefined, 'two nodes')
  return [a, b]
}

describe('a request', () => {
  it('has one answer; both may be empty', async () => {
    const [a, b] = await twoNodes()
    b.mesh.handleRequest(PROTOCOL, LIMITS, (_from, body) => body.toReversed())
    const ask = (body: Uint8Array) => a.mesh.request(b.mesh.self, PROTOCOL, body, OPTIONS)
    expect(await ask(Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(3, 2, 1))
    expect(await ask(new Uint8Array())).toEqual(new Uint8Array())
  })

  it('too long is refused and charged', async () => {
    const [a, b] = await twoNodes()
    let asked = 0
    b.mesh.handleRequest(PROTOCOL, LIMITS, () => {
      asked += 1
      return new Uint8Array()
    })
    const ask = a.mesh.request(b.mesh.self, PROTOCOL, new Uint8Array(1001), OPTIONS)
    await expect(ask).rejects.toMatchObject({ code: 'peer-refused' })
    expect(asked).toBe(0)
    expect(b.mesh.peers()[0]?.score).toBeLessThan(0.7)
  })

  it('whose answer is too long is refused by the one who asked', async () => {
    const [a, b] = await twoNodes()
    b.mesh.handleRequest(PROTOCOL, LIMITS, () => new Uint8Array(1000))
    const options = { timeoutMs: 5000, answerBytesMax: 999 }
    const ask = a.mesh.request(b.mesh.self, PROTOCOL, new Uint8Array(), options)
    await expect(ask).rejects.toMatchObject({ code: 'peer-refused' })
  })

  it('whose handler throws is refused', async () => {
    const [a, b] = await twoNodes()
    b.mesh.handleRequest(PROTOCOL, LIMITS, () => {
      throw new Error('no')
    })
    const ask = a.mesh.request(b.mesh.self, PROTOCOL, new Uint8Array(), OPTIONS)
    await expect(ask).rejects.toMatchObject({ code: 'peer-refused' })
  })

  it('without an answer in time, or given up, ends; its outcome is unknown', async () => {
    const [a, b] = await twoNodes()
    b.mesh.handleRequest(PROTOCOL, LIMITS, () => new Promise<Uint8Array>(() => undefined))
    const options = { timeoutMs: 50, answerBytesMax: 10 }
    const late = a.mesh.request(b.mesh.self, PROTOCOL, new Uint8Array(), options)
    await expect(late).rejects.toMatchObject({ code: 'peer-gone' })
    const reason = new Error('changed my mind')
    const given = new AbortController()
    const ask = a.mesh.request(b.mesh.self, PROTOCOL, new Uint8Array(), {
      ...OPTIONS,
      signal: given.signal,
    })
    given.abort(reason)
    await expect(ask).rejects.toBe(reason)
  })

  it('that is given up counts as under way until its handler is done', async () => {
    const [a, b] = await twoNodes()
    const done: (() => void)[] = []
    b.mesh.handleRequest(PROTOCOL, { ...LIMITS, burstMax: 100 }, async () => {
      await new Promise<void>((resolve) => done.push(resolve))
      return new Uint8Array()
    })
    const ask = (timeoutMs: number) =>
      a.mesh.request(b.mesh.self, PROTOCOL, new Uint8Array(), { ...OPTIONS, timeoutMs })
    const given = [ask(200), ask(200)]
    for (const one of given) await expect(one).rejects.toMatchObject({ code: 'peer-gone' })
    for (let n = 0; n < 3; n++) await expect(ask(5_000)).rejects.toMatchObject({ code: 'peer-refused' })
    expect(done).toHaveLength(2)
    for (const resolve of done) resolve()
    const last = ask(5_000)
    await until(() => done.length === 3)
    done[2]?.()
    expect(await last).toEqual(new Uint8Array())
  })

  it('beyond the rate of a peer is refused and charged', async () => {
    const [a, b] = await twoNodes()
    let asked = 0
    b.mesh.handleRequest(PROTOCOL, LIMITS, () => {
      asked += 1
      return new Uint8Array()
    })
    const ask = () => a.mesh.request(b.mesh.self, PROTOCOL, new Uint8Array(), OPTIONS)
    let refused = 0
    for (let turn = 0; turn < 12; turn += 1) await ask().catch(() => (refused += 1))
    expect(refused).toBeGreaterThan(0)
    expect(asked).toBe(12 - refused)
    expect(b.mesh.counters()['request-refused']).toBe(refused)
  })

  it('to a peer that left is unreachable', async () => {
    const [a, b] = await twoNodes()
    const { self } = b.mesh
    await b.mesh.stop()
    await until(() => !a.mesh.isConnected(self))
    const ask = a.mesh.request(self, PROTOCOL, new Uint8Array(), OPTIONS)
    await expect(ask).rejects.toMatchObject({ code: 'peer-unreachable' })
  })
})
