import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'
import { BeaconChain, CHAIN_LENGTH, OwnChains } from '../../../../src/services/heart/beacon-chain.ts'

const { sha256 } = nodeCrypto
const SECRET = sha256(new Uint8Array([1])) as SecretKey

describe('a beacon chain', () => {
  const chain = new BeaconChain(SECRET, 0, sha256)

  it.each([1, 2, 255, 256, 257, 40_000, CHAIN_LENGTH])('has link %i behind the one before', (n) => {
    expect(sha256(chain.link(n))).toEqual(n === 1 ? chain.anchor : chain.link(n - 1))
  })

  it('makes no link again while links are shown one after another', () => {
    let hashed = 0
    const counting = (bytes: Uint8Array) => {
      hashed += 1
      return sha256(bytes)
    }
    const own = new BeaconChain(SECRET, 0, counting)
    hashed = 0
    for (let n = 1; n <= 512; n++) expect(own.link(n)).toEqual(chain.link(n))
    expect(hashed).toBeLessThan(512)
  })

  it('is another one for another serial and another key', () => {
    const others = [
      new BeaconChain(SECRET, 1, sha256),
      new BeaconChain(sha256(SECRET) as SecretKey, 0, sha256),
    ]
    for (const other of others) expect(other.anchor).not.toEqual(chain.anchor)
  })

  it('shows the next link of what the hub says, and of the chain before while the next one waits', () => {
    const own = new OwnChains(SECRET, sha256)
    const shown = { anchor: chain.link(10), left: CHAIN_LENGTH - 10 }
    expect(own.next({ ...shown, serial: 0 })).toEqual(chain.link(11))
    expect(own.next({ ...shown, serial: 1 })).toEqual(chain.link(11))
  })

  it('shows nothing of a chain that is used up or is not its own', () => {
    const own = new OwnChains(SECRET, sha256)
    expect(own.next({ anchor: chain.link(CHAIN_LENGTH), left: 0, serial: 0 })).toBeUndefined()
    expect(own.next({ anchor: sha256(SECRET), left: 5, serial: 0 })).toBeUndefined()
  })
})
