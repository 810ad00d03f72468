import { describe, expect, it } from 'vitest'
import { peerAddress } from '../../../../src/node/founding/peer-address.ts'

describe('the address of a peer', () => {
  it.each([
    ['/ip4/192.0.2.7/tcp/4001/p2p/12D3', '/ip4/192.0.2.7/tcp/4001/p2p/12D3'],
    ['192.0.2.7', '/ip4/192.0.2.7/tcp/4001'],
    ['192.0.2.7:4002', '/ip4/192.0.2.7/tcp/4002'],
    ['node.example.org', '/dns/node.example.org/tcp/4001'],
    ['localhost:4002', '/dns/localhost/tcp/4002'],
    ['[2001:db8::7]', '/ip6/2001:db8::7/tcp/4001'],
    ['[::1]:4002', '/ip6/::1/tcp/4002'],
  ])('%s is %s', (text, address) => {
    expect(peerAddress(text)).toBe(address)
  })

  it.each(['', 'a b', 'host:', 'host:0', 'host:65536', '-host', 'http://host'])('%j is none', (text) => {
    expect(() => peerAddress(text)).toThrow(/no address of a node/u)
  })
})
