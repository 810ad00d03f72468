import { EMPTY_FRONTIER } from '../../src/codec/certificate/frontier.ts'
import { hostLeaf, itemLeaf } from '../../src/codec/certificate/leaf.ts'
import { encodeItem } from '../../src/codec/entry/item.ts'
import type { CertifiedBatch } from '../../src/codec/gossip/certified-batch.ts'
import { leafHash } from '../../src/codec/merkle/hash.ts'
import { LogTree } from '../../src/core/certificate/log-tree.ts'
import { startChain, type VoterChain } from '../../src/core/certificate/voter-chain.ts'
import type { GroupId } from '../../src/model/raft.ts'
import { ok } from '../../src/model/result.ts'
import type { StateMachine } from '../../src/ports/state-machine.ts'
import type { LeafRecord } from '../../src/services/log-fetch/log-page.ts'
import { config, hashOf, type SignatureBook, sha256, treeHead, voterSet } from './certificates.ts'

const SIGNERS = [0, 1, 2]
export const LIARS = 0

/** The log of a group whose voters are 0, 1 and 2, with what certifies it. */
export class CertifiedLog {
  readonly group: GroupId
  readonly records: LeafRecord[] = []
  readonly #book: SignatureBook

  constructor(group: number, book: SignatureBook) {
    this.group = group as GroupId
    this.#book = book
  }

  get chain(): VoterChain {
    return startChain(config(1, SIGNERS, [], { group: this.group }))
  }

  /** Commands that the machine applies; `!` before it: that it refuses. */
  add(...texts: readonly string[]): this {
    for (const text of texts) {
      const item = encodeItem({ kind: 'command', command: new TextEncoder().encode(text) })
      this.addItem(item, !text.startsWith('!'))
    }
    return this
  }

  /** An item of which the leaf says that it was applied, or that it was refused. */
  addItem(item: Uint8Array, applied = true): this {
    this.records.push({ kind: 'item', item, leaf: itemLeaf({ item: sha256(item), applied, outputs: [] }) })
    return this
  }

  /** What hosts said among themselves. */
  addHost(text: string): this {
    this.records.push({ kind: 'passed', leaf: hostLeaf({ item: hashOf(text), applied: true, outputs: [] }) })
    return this
  }

  certificate(size = this.records.length, signers: readonly number[] = SIGNERS) {
    const head = treeHead({ group: this.group, size, root: this.tree(size).root() })
    return this.#book.certificate(head, voterSet(...signers))
  }

  batch(from: number, size = this.records.length): CertifiedBatch {
    const { peaks } = this.tree(from).frontier()
    return { from, peaks, records: this.records.slice(from, size), certificate: this.certificate(size) }
  }

  tree(size: number): LogTree {
    const tree = new LogTree(EMPTY_FRONTIER, sha256)
    for (const { leaf } of this.records.slice(0, size)) tree.append(leafHash(leaf, sha256))
    return tree
  }
}

/** A machine whose state is what it was told, in order. What begins with `wait` waits for `isOpen`. */
export function listMachine(gate: { isOpen: boolean } = { isOpen: true }): StateMachine<string[], string> {
  const said = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  return {
    empty: () => [],
    isReady: (_, body) => gate.isOpen || !said(body).startsWith('wait'),
    step: (_, command) => {
      const text = said(command)
      return text.startsWith('!')
        ? { writes: [], verdict: { kind: 'rejected', code: 'CONFLICT', message: text }, effects: [] }
        : { writes: [text], verdict: { kind: 'applied', result: new Uint8Array(0) }, effects: [] }
    },
    effect: () => ({ writes: [], verdict: { kind: 'applied', result: new Uint8Array(0) }, effects: [] }),
    answered: () => ({ writes: [], verdict: { kind: 'applied', result: new Uint8Array(0) }, effects: [] }),
    write: (state, writes) => void state.push(...writes),
    hash: (state, hash) => hash(new TextEncoder().encode(state.join())),
    encode: (state) => new TextEncoder().encode(JSON.stringify(state)),
    decode: (_, bytes) => ok(JSON.parse(said(bytes)) as string[]),
  }
}
