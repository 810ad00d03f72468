import { describe, expect, it } from 'vitest'
import { EMPTY_FRONTIER } from '../../../../src/codec/certificate/frontier.ts'
import { votersLeaf } from '../../../../src/codec/certificate/leaf.ts'
import type { VoterLink } from '../../../../src/codec/certificate/voter-chain.ts'
import type { VoterConfig } from '../../../../src/codec/certificate/voter-config.ts'
import { leafHash } from '../../../../src/codec/merkle/hash.ts'
import { LogTree } from '../../../../src/core/certificate/log-tree.ts'
import { isItem, verifyLeaf } from '../../../../src/core/certificate/verify-leaf.ts'
import {
  extendChain,
  extendChainAll,
  latestConfig,
  startChain,
  verifyInChain,
} from '../../../../src/core/certificate/voter-chain.ts'
import type { Did } from '../../../../src/model/ids.ts'
import {
  commandLeaf,
  config,
  SignatureBook,
  sha256,
  treeHead,
  voterSet,
} from '../../../setup/certificates.ts'

/** A group that applies commands and changes of voters, and certifies each. */
class Group {
  readonly tree = new LogTree(EMPTY_FRONTIER, sha256)
  readonly book = new SignatureBook()
  readonly links: VoterLink[] = []
  config: VoterConfig

  constructor(first: VoterConfig) {
    this.config = first
  }

  command(text: string): void {
    this.tree.append(leafHash(commandLeaf(new TextEncoder().encode(text)), sha256))
  }

  change(next: VoterConfig, signers: readonly Did[] = this.config.voters): VoterLink {
    this.tree.append(leafHash(votersLeaf(next), sha256))
    const link = {
      config: next,
      path: this.tree.path(this.tree.size - 1),
      certificate: this.certificate(signers),
    }
    this.config = next
    this.links.push(link)
    return link
  }

  certificate(signers: readonly Did[] = this.config.voters) {
    const head = treeHead({ config: this.config.version, size: this.tree.size, root: this.tree.root() })
    return this.book.certificate(head, signers)
  }
}

/** 0 to 3 at first; then 3 is replaced by 4 in a joint change; then 5 joins. */
function grown(): Group {
  const group = new Group(config(1, [0, 1, 2, 3]))
  group.command('a')
  group.change(config(2, [0, 1, 2, 4], [0, 1, 2, 3]))
  group.command('b')
  group.change(config(3, [0, 1, 2, 4]), voterSet(0, 1, 2, 3, 4))
  group.command('c')
  group.command('d')
  group.change(config(4, [0, 1, 2, 4, 5]))
  group.command('e')
  return group
}

const first = config(1, [0, 1, 2, 3])

describe('the certified chain of voters', () => {
  it('proves the voters of today from those of genesis', () => {
    const group = grown()
    const chain = extendChainAll(startChain(first), group.links, group.book.context(1))
    if (!chain.ok) throw new Error(chain.error.message)
    expect(latestConfig(chain.value)).toEqual(config(4, [0, 1, 2, 4, 5]))
    expect(chain.value.configs.map(({ from }) => from)).toEqual([1, 3, 5, 8])
    expect(verifyInChain(chain.value, group.certificate(), group.book.context(1)).ok).toBe(true)
  })

  it('takes a certificate of a size from the voters of that size alone', () => {
    const group = grown()
    const chain = extendChainAll(startChain(first), group.links, group.book.context(1))
    if (!chain.ok) throw new Error(chain.error.message)
    const by = (size: number, version: number, signers: readonly Did[]) => {
      const certificate = group.book.certificate(treeHead({ size, config: version }), signers)
      const verified = verifyInChain(chain.value, certificate, group.book.context(1))
      return verified.ok ? 'ok' : verified.error.code
    }
    expect(by(2, 1, voterSet(0, 1, 3))).toBe('ok')
    expect(by(3, 1, voterSet(0, 1, 3))).toBe('CONFLICT')
    expect(by(3, 2, voterSet(0, 1, 2, 4))).toBe('ok')
    expect(by(3, 2, voterSet(0, 1, 3))).toBe('BAD_SIGNATURE')
    expect(by(7, 3, voterSet(0, 1, 2, 4))).toBe('ok')
    expect(by(8, 3, voterSet(0, 1, 2, 4))).toBe('CONFLICT')
    expect(by(9, 9, voterSet(0, 1, 2, 4))).toBe('CONFLICT')
  })

  it('does not begin before what is trusted', () => {
    const group = grown()
    const chain = startChain(config(3, [0, 1, 2, 4]), 5)
    const early = group.book.certificate(treeHead({ size: 4, config: 3 }), voterSet(0, 1, 2, 4))
    expect(verifyInChain(chain, early, group.book.context(1))).toMatchObject({ error: { code: 'CONFLICT' } })
    const link = group.links[2] as VoterLink
    expect(extendChain(chain, link, group.book.context(1)).ok).toBe(true)
    expect(extendChain(startChain(config(3, [0, 1, 2, 4]), 8), link, group.book.context(1))).toMatchObject({
      error: { code: 'CONFLICT', field: 'certificate' },
    })
  })

  it.each<[string, VoterConfig, string]>([
    ['of another group', config(2, [0, 1], [], { group: 9 }), 'CONFLICT'],
    ['of another generation', config(2, [0, 1], [], { generation: 1 }), 'CONFLICT'],
    ['that skips a version', config(3, [0, 1]), 'CONFLICT'],
    ['that is joint and leaves others than there are', config(2, [0, 1, 4], [0, 1, 2]), 'CONFLICT'],
  ])('does not go on with a config %s', (_, next, code) => {
    const group = new Group(first)
    const link = group.change(next)
    expect(extendChain(startChain(first), link, group.book.context(1))).toMatchObject({ error: { code } })
  })

  it('leaves a joint config for its own voters and no others', () => {
    const joint = config(2, [0, 1, 2, 4], [0, 1, 2, 3])
    for (const next of [
      config(3, [0, 1, 2, 3]),
      config(3, [0, 1, 2, 4, 5]),
      config(3, [0, 1, 2, 4], [0, 1]),
    ]) {
      const group = new Group(joint)
      const link = group.change(next, voterSet(0, 1, 2, 3, 4))
      expect(extendChain(startChain(joint), link, group.book.context(1))).toMatchObject({
        error: { code: 'CONFLICT' },
      })
    }
  })

  it('needs the voters before the change, not those after it', () => {
    const group = new Group(first)
    const link = group.change(config(2, [6, 7, 8]), voterSet(6, 7, 8))
    expect(extendChain(startChain(first), link, group.book.context(1))).toMatchObject({
      error: { code: 'NOT_IN_COMMITTEE' },
    })
    const few = new Group(first)
    const link2 = few.change(config(2, [6, 7, 8]), voterSet(0, 1))
    expect(extendChain(startChain(first), link2, few.book.context(1))).toMatchObject({
      error: { code: 'BAD_SIGNATURE' },
    })
  })

  it('needs the change to be the last leaf: later ones are signed by the new voters', () => {
    const group = new Group(first)
    group.tree.append(leafHash(votersLeaf(config(2, [6, 7, 8])), sha256))
    group.command('later')
    const link = { config: config(2, [6, 7, 8]), path: group.tree.path(0), certificate: group.certificate() }
    expect(extendChain(startChain(first), link, group.book.context(1))).toMatchObject({
      error: { code: 'CONFLICT', field: 'path' },
    })
  })

  it('cannot be changed by a command that has the bytes of a change', () => {
    const group = new Group(first)
    const next = config(2, [6, 7, 8])
    group.tree.append(leafHash(commandLeaf(votersLeaf(next)), sha256))
    const link = { config: next, path: group.tree.path(0), certificate: group.certificate() }
    expect(extendChain(startChain(first), link, group.book.context(1))).toMatchObject({
      error: { field: 'path' },
    })
  })

  it('names the link that does not hold', () => {
    const group = grown()
    const bad = group.links.with(1, { ...(group.links[1] as VoterLink), path: [] })
    expect(extendChainAll(startChain(first), bad, group.book.context(1))).toMatchObject({
      error: { field: 'chain[1].path' },
    })
  })
})

describe('an item of a certified tree', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const group = grown()
  const chain = extendChainAll(startChain(first), group.links, group.book.context(1))
  if (!chain.ok) throw new Error(chain.error.message)
  const good = {
    certificate: group.certificate(),
    leaf: commandLeaf(bytes('b')),
    index: 2,
    path: group.tree.path(2),
  }
  const codeOf = (change: Partial<typeof good>) => {
    const verified = verifyLeaf(chain.value, { ...good, ...change }, group.book.context(1))
    return verified.ok ? 'ok' : verified.error.code
  }

  it('is proved by its leaf, path and place, from the voters of genesis on', () => {
    const verified = verifyLeaf(chain.value, good, group.book.context(1))
    if (!verified.ok) throw new Error(verified.error.message)
    expect(isItem(verified.value, bytes('b'), sha256)).toBe(true)
    expect(isItem(verified.value, bytes('x'), sha256)).toBe(false)
    expect(verified.value.applied).toBe(true)
  })

  it('is refused at another place, with another leaf or path, or a certificate of too few', () => {
    expect(codeOf({ index: 3 })).toBe('CONFLICT')
    expect(codeOf({ leaf: commandLeaf(bytes('x')) })).toBe('CONFLICT')
    expect(codeOf({ path: good.path.slice(1) })).toBe('CONFLICT')
    expect(codeOf({ certificate: group.certificate(voterSet(0, 1, 2)) })).toBe('BAD_SIGNATURE')
  })

  it('is never a change of voters', () => {
    const change = votersLeaf(config(2, [0, 1, 2, 4], [0, 1, 2, 3]))
    expect(codeOf({ leaf: change, index: 1, path: group.tree.path(1) })).toBe('MALFORMED')
  })
})
