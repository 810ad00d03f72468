import { renameSync, statSync } from 'node:fs'
import { ClientRequest, type IncomingMessage, request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startApi } from '../../../src/api/server.ts'
import { ApiClient } from '../../../src/sdk/client.ts'
import { ask, NoNodeError, readBody } from '../../../src/sdk/http.ts'
import { ROUTES, timeoutOf } from '../../../src/verbs/routes.ts'
import type { NodeAccount } from '../../../src/verbs/services.ts'
import { type ApiNode, openApiNode } from '../../setup/api-node.ts'
import { scratch } from '../../setup/canswarm.ts'

const TOKEN = 'a-token-that-is-long-enough-for-this'

let node: ApiNode
const place = scratch()

beforeAll(async () => {
  node = await openApiNode({ tcp: { host: '127.0.0.1', port: 0, token: TOKEN } })
})

afterAll(async () => {
  await node.close()
  place[Symbol.dispose]()
})

interface Answer {
  readonly status: number
  readonly body: { readonly code?: string; readonly [name: string]: unknown }
  readonly headers: Readonly<Record<string, unknown>>
}

/** Over the unix socket, or over TCP with headers that are given. */
async function over(
  place_: 'socket' | 'tcp',
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const target = place_ === 'socket' ? { socketPath: node.api.socketPath } : urlParts()
  const answered = new Promise<IncomingMessage>((resolve, fail) => {
    const asked = request({ ...target, path, method, headers, agent: false }, resolve)
    asked.on('error', fail)
    asked.end(body)
  })
  const answer = await answered
  const text = Buffer.from(await readBody(answer)).toString('utf8')
  const read = (text === '' ? {} : JSON.parse(text)) as Answer['body']
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: read }
}

function urlParts() {
  const { hostname, port } = new URL(node.api.url ?? '')
  return { host: hostname, port }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('the unix socket', () => {
  it('is its owner’s alone', () => {
    expect(statSync(node.api.socketPath).mode & 0o777).toBe(0o600)
  })

  it('that a process which died has left is taken over, and goes when the API stops', async () => {
    const socketPath = join(place.path, 'stale.sock')
    const dead = createServer()
    await new Promise<void>((resolve) => dead.listen(`${socketPath}.dead`, resolve))
    renameSync(`${socketPath}.dead`, socketPath) // so that closing leaves it, as a crash does
    await new Promise((resolve) => dead.close(resolve))
    expect(statSync(socketPath).isSocket()).toBe(true)
    const api = await startApi({ services: node.services, socketPath, onDefect: () => undefined })
    expect((await new ApiClient({ socketPath }).call('status', {})).ok).toBe(true)
    await api.stop()
    await expect(new ApiClient({ socketPath }).call('status', {})).rejects.toBeInstanceOf(NoNodeError)
  })

  it('at which another process answers is left to it', async () => {
    const { socketPath } = node.api
    const second = startApi({ services: node.services, socketPath, onDefect: () => undefined })
    await expect(second).rejects.toMatchObject({ code: 'home-locked' })
    expect((await node.client.call('status', {})).ok).toBe(true)
  })

  it('needs a path that fits', async () => {
    const socketPath = join(place.path, 'x'.repeat(120))
    const api = startApi({ services: node.services, socketPath, onDefect: () => undefined })
    await expect(api).rejects.toMatchObject({ code: 'config' })
  })
})

describe('TCP', () => {
  it('answers to the token, and to no other', async () => {
    expect((await over('tcp', '/v1/status', { headers: bearer(TOKEN) })).status).toBe(200)
    expect(await over('tcp', '/v1/status')).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
    const wrong = await over('tcp', '/v1/status', { headers: bearer(`${TOKEN}x`) })
    expect(wrong.status).toBe(401)
  })

  it('answers to its own name alone, so that no page can rebind another one', async () => {
    const headers = { ...bearer(TOKEN), host: 'evil.example' }
    expect(await over('tcp', '/v1/status', { headers })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    })
  })

  it('refuses pages of other sites', async () => {
    const headers = { ...bearer(TOKEN), origin: 'https://evil.example' }
    expect((await over('tcp', '/v1/status', { headers })).status).toBe(403)
    const own = { ...bearer(TOKEN), origin: node.api.url ?? '' }
    expect((await over('tcp', '/v1/status', { headers: own })).status).toBe(200)
  })

  it('is reached by the client with the token', async () => {
    const client = new ApiClient({ url: node.api.url ?? '', token: TOKEN })
    expect((await client.call('status', {})).ok).toBe(true)
  })

  it('is held to a rate; wrong tokens cost more', async () => {
    const own = await openApiNode({ tcp: { host: '127.0.0.1', port: 0, token: TOKEN } })
    try {
      const wrong = new ApiClient({ url: own.api.url ?? '', token: 'wrong' })
      const statuses: number[] = []
      for (let n = 0; n < 15; n++) {
        const answer = await wrong.call('status', {})
        if (!answer.ok) statuses.push(answer.error.status)
      }
      expect(statuses[0]).toBe(401)
      expect(statuses.at(-1)).toBe(429)
    } finally {
      await own.close()
    }
  })
})

describe('requests', () => {
  it('with an input of the wrong form are refused with its field', async () => {
    expect(await over('socket', '/v1/needs?limit=0')).toMatchObject({
      status: 400,
      body: { code: 'MALFORMED', field: 'limit' },
    })
    expect(await over('socket', '/v1/needs?nonsense=1')).toMatchObject({ body: { field: 'nonsense' } })
  })

  it('with a body that is not said to be JSON, or is none, are refused', async () => {
    const text = { 'content-type': 'text/plain' }
    const json = { 'content-type': 'application/json' }
    const put = (headers: Record<string, string>, body: string) =>
      over('socket', '/v1/peers/connect', { method: 'POST', headers, body })
    expect(await put(text, '{"address":"x"}')).toMatchObject({ status: 400, body: { code: 'MALFORMED' } })
    expect(await put(json, '{"address"')).toMatchObject({ status: 400, body: { code: 'MALFORMED' } })
    expect(await put(json, `"${'x'.repeat(1_100_000)}"`)).toMatchObject({
      status: 413,
      body: { code: 'TOO_LARGE' },
    })
  })

  it('for what is not there are not found', async () => {
    expect(await over('socket', '/nowhere')).toMatchObject({ status: 404, body: { code: 'not-found' } })
  })

  it('that take too long are answered: whether it was done is not known', async () => {
    const { clock, accounts } = node.services
    const [own] = accounts as [NodeAccount]
    const silent = { ...own.author, did: own.author.did, account: () => new Promise<never>(() => undefined) }
    const slow = await openApiNode({
      changes: {
        clock: { ...clock, after: (ms, task) => clock.after(Math.min(ms, 30), task) },
        accounts: [{ ...own, author: silent }],
      },
    })
    try {
      const answer = await slow.client.call('stake', { amount: '1' as never })
      expect(answer).toMatchObject({ ok: false, error: { status: 504, code: 'timed-out' } })
    } finally {
      await slow.close()
    }
  })

  it('are given up by a client only when the node would have said that they take too long', async () => {
    const silence = vi.spyOn(ClientRequest.prototype, 'setTimeout')
    for (const [name, input] of [
      ['status', {}],
      ['backup', { directory: 'nowhere' }],
    ] as const) {
      await node.client.call(name, input)
      expect(silence.mock.lastCall?.[0]).toBeGreaterThan(timeoutOf(ROUTES[name]))
    }
    silence.mockRestore()
    expect(timeoutOf(ROUTES.backup)).toBeGreaterThan(60 * timeoutOf(ROUTES.status))
  })

  it('that meet a defect say so and nothing more', async () => {
    const broken = await openApiNode({
      changes: {
        health: () => {
          throw new TypeError('a secret of the inside')
        },
      },
    })
    try {
      const answer = await broken.client.call('status', {})
      expect(answer).toMatchObject({ ok: false, error: { status: 500, code: 'defect' } })
      expect(JSON.stringify(answer)).not.toContain('secret')
      expect(broken.defects).toHaveLength(1)
    } finally {
      await broken.close()
    }
  })
})

describe('health', () => {
  it('is 200, or 503 when a part is failing', async () => {
    expect((await over('socket', '/healthz')).status).toBe(200)
    const failing = await openApiNode({
      changes: { health: () => [{ name: 'store', state: 'failing', detail: 'full', figures: {} }] },
    })
    try {
      const answer = await ask({ socketPath: failing.api.socketPath }, { method: 'GET', path: '/healthz' })
      expect(answer.statusCode).toBe(503)
      answer.destroy()
    } finally {
      await failing.close()
    }
  })
})

describe('content', () => {
  it('is put and comes back by its CID, as a download that no browser runs', async () => {
    const bytes = new TextEncoder().encode('<script>alert(1)</script>')
    const put = await node.client.putContent(bytes, 'test/one')
    if (!put.ok) throw new Error(put.error.message)
    expect(put.value.size).toBe(bytes.length)
    expect(await node.client.artifact(put.value.cid)).toEqual({ ok: true, value: Buffer.from(bytes) })
    const raw = await ask(
      { socketPath: node.api.socketPath },
      { method: 'GET', path: `/artifacts/${put.value.cid}` },
    )
    expect(raw.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    })
    raw.destroy()
    const listed = await node.client.call('content', {})
    expect(listed).toMatchObject({
      ok: true,
      value: { contents: [{ cid: put.value.cid, pins: ['test/one'] }] },
    })
  })

  it('that nobody has is not found; what is no CID is malformed', async () => {
    const { cid } = { cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy' }
    expect(await node.client.artifact(cid)).toMatchObject({ ok: false, error: { status: 404 } })
    expect(await node.client.artifact('nonsense')).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
  })
})

describe('the API', () => {
  it('describes itself: every verb stands in the OpenAPI document', async () => {
    const { status, body } = await over('socket', '/openapi.json')
    expect(status).toBe(200)
    expect(body).toMatchObject({ openapi: '3.1.0' })
    expect(Object.keys(body['paths'] as object)).toContain('/v1/needs/{need}')
  })

  it('leaves no socket behind', async () => {
    const own = await openApiNode()
    const path = own.api.socketPath
    await own.close()
    expect(() => statSync(path)).toThrow('ENOENT')
  })
})
