import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveConfig } from '../../../src/node/config.ts'
import { apiTcp } from '../../../src/node/daemon/api-tcp.ts'
import { scratch } from '../../setup/canswarm.ts'

function configOf(file: string) {
  return resolveConfig({ flags: {}, env: {}, file }).config
}

const ON = configOf('[api]\nlisten = "127.0.0.1:4080"\nhosts = "node.example.org:4080"\n')

describe('the API over TCP', () => {
  it('is off unless the settings name an address', () => {
    using home = scratch()
    expect(apiTcp(home.path, configOf(''))).toBeUndefined()
  })

  it('has a token that is made once, which its owner alone can read', () => {
    using home = scratch()
    const first = apiTcp(home.path, ON)
    const path = join(home.path, 'api.token')
    expect(first).toMatchObject({
      host: '127.0.0.1',
      port: 4_080,
      hosts: ['node.example.org:4080'],
      origins: [],
    })
    expect(first?.token).toMatch(/^[\w-]{43}$/u)
    expect([statSync(path).mode & 0o777, readFileSync(path, 'utf8')]).toEqual([0o600, `${first?.token}\n`])
    expect(apiTcp(home.path, ON)?.token).toBe(first?.token)
  })

  it('takes no token that others can read, and none that can be guessed', () => {
    using home = scratch()
    apiTcp(home.path, ON)
    const path = join(home.path, 'api.token')
    chmodSync(path, 0o644)
    expect(() => apiTcp(home.path, ON)).toThrow(/chmod 600/u)
    chmodSync(path, 0o600)
    writeFileSync(path, 'secret\n')
    expect(() => apiTcp(home.path, ON)).toThrow(/no token/u)
  })

  it('listens on IPv6 addresses in brackets', () => {
    using home = scratch()
    expect(apiTcp(home.path, configOf('[api]\nlisten = "[::1]:4080"\n'))).toMatchObject({
      host: '::1',
      port: 4_080,
    })
  })

  it.each(['4080', ':4080', 'http://127.0.0.1:4080', '127.0.0.1:', '127.0.0.1:65536'])(
    'refuses the address %j',
    (address) => {
      expect(() => configOf(`[api]\nlisten = "${address}"\n`)).toThrow(/api\.listen/u)
    },
  )
})
