import { describe, expect, it } from 'vitest'
import { dialTcp, listenTcp } from '../../../../src/adapters/tcp/tcp.ts'
import type { ByteStream } from '../../../../src/ports/raft-transport.ts'

describe('plain TCP, which authenticates nobody', () => {
  it.each(['0.0.0.0', '::', '10.0.0.1', 'localhost', 'example.org', '128.0.0.1'])(
    'does not listen on %s',
    async (host) => {
      await expect(listenTcp({ host, port: 0 }, () => undefined)).rejects.toThrow('loopback alone')
    },
  )

  it('listens on any address when it is told that whoever reaches it may be believed', async () => {
    const listener = await listenTcp({ host: '0.0.0.0', port: 0 }, () => undefined, { anywhere: true })
    expect(listener.address.host).toBe('0.0.0.0')
    await listener.close()
  })

  it('carries bytes on loopback, and ends what is open when it stops listening', async () => {
    const accepted: ByteStream[] = []
    const listener = await listenTcp({ host: '127.0.0.1', port: 0 }, (stream) => accepted.push(stream))
    const stream = await dialTcp(listener.address)
    await stream.write(Uint8Array.of(1, 2, 3))
    const heard: number[] = []
    while (accepted.length === 0) await new Promise((resolve) => void setImmediate(resolve))
    for await (const piece of accepted[0]?.incoming ?? []) {
      heard.push(...piece)
      if (heard.length === 3) break
    }
    expect(heard).toEqual([1, 2, 3])
    await listener.close()
    const left: number[] = []
    for await (const piece of stream.incoming) left.push(...piece)
    expect(left).toEqual([])
    await expect(stream.write(Uint8Array.of(1))).rejects.toThrow('closed')
    await expect(dialTcp(listener.address)).rejects.toThrow('ECONNREFUSED')
  })
})
