import type { BundleBlockOf } from '../codec/bundle/block.ts'
import { equalBytes } from '../codec/bytes.ts'
import { type Certificate, certificateHash, certificateOf } from '../codec/certificate/certificate.ts'
import type { ItemLeaf } from '../codec/certificate/leaf.ts'
import { type JudgeShare, shareJudge } from '../codec/certificate/share-judge.ts'
import type { TreeHead } from '../codec/certificate/tree-head.ts'
import { voterLinkOf } from '../codec/certificate/voter-chain.ts'
import type { AcceptedKeys } from '../codec/did/accepted-keys.ts'
import type { EffectProof } from '../codec/entry/item.ts'
import type { OpenedGenesis } from '../codec/genesis/genesis.ts'
import { rememberingNodes } from '../codec/merkle/remembered-nodes.ts'
import type { CheckSignature } from '../codec/signed/statement.ts'
import type { CertificateContext } from '../core/certificate/verify-certificate.ts'
import { openLeaf } from '../core/certificate/verify-leaf.ts'
import {
  extendChainAll,
  startChain,
  type VoterChain,
  verifyInChain,
} from '../core/certificate/voter-chain.ts'
import { firstVoters } from '../core/witness/first-voters.ts'
import { groupOfMachine } from '../core/witness/machine.ts'
import type { Did } from '../model/ids.ts'
import { LruMap } from '../model/lru-map.ts'
import type { Sha256 } from '../ports/crypto.ts'
import type { CheckBook } from './checks.ts'
import { expectThat, sound } from './divergence.ts'

/** Certificates that were verified, by their hash: those of one turn stand in many items. */
const VERIFIED_MAX = 4_096

/** What a leaf is proved by: its bytes, its place, and the siblings. */
interface Proven {
  readonly at: number
  readonly leaf: Uint8Array
  readonly path: readonly Uint8Array[]
}

/** The voters of every group from genesis on, and what they certified (check 4). */
export class CertifiedLogs {
  readonly #genesis: OpenedGenesis
  readonly #book: CheckBook
  readonly #context: CertificateContext
  readonly #chains = new Map<number, VoterChain>()
  /** Chains of one link, of machines whose voters never changed. */
  readonly #beginnings = new Map<number, VoterChain>()
  readonly #verified = new LruMap<string, TreeHead>(VERIFIED_MAX)

  constructor(
    genesis: OpenedGenesis,
    keys: Pick<AcceptedKeys, 'ofDid'>,
    verify: CheckSignature,
    sha256: Sha256,
    book: CheckBook,
  ) {
    this.#genesis = genesis
    this.#book = book
    const judge: JudgeShare = shareJudge(genesis.net, keys, verify)
    this.#context = { liars: genesis.genesis.f, judge, sha256: rememberingNodes(sha256) }
  }

  /** Certified changes of a machine's voters. */
  addVoters({ machine, links }: BundleBlockOf<'voters'>): void {
    expectThat(
      !this.#chains.has(machine),
      'certificates',
      'MALFORMED',
      'the voters of one machine stand once',
    )
    const chain = extendChainAll(this.#chain(machine), links.map(voterLinkOf), this.#context)
    this.#chains.set(machine, sound(chain, 'certificates'))
    this.#book.count('certificates', 'voter changes', links.length)
    for (const link of links) this.#countShares(voterLinkOf(link).certificate)
  }

  /** The voters in force when leaf `at` was applied. */
  votersAt(machine: number, at: number): readonly Did[] {
    const { configs } = this.#chain(machine)
    return (configs.findLast(({ from }) => from <= at + 1) ?? configs[0]).config.voters
  }

  /** The head that a certificate is of; undefined where there is none, which is said. */
  head([tuple]: BundleBlockOf<'hub'>['certificate'], machine: number): TreeHead | undefined {
    if (tuple !== undefined) return this.#verify(certificateOf(tuple), machine)
    this.#book.skip('certificates', 'items without a certificate')
    return undefined
  }

  /** The leaf of an item is in the certified tree, and says of the item that it was applied. */
  open(head: TreeHead | undefined, { at, leaf, path }: Proven, item: Uint8Array): ItemLeaf | undefined {
    if (head === undefined) return undefined
    const read = sound(openLeaf(head, { leaf, index: at, path }, this.#context.sha256), 'certificates')
    const isOf = equalBytes(read.item, this.#context.sha256(item))
    expectThat(isOf, 'certificates', 'CONFLICT', 'the certified leaf is of another item')
    expectThat(read.applied, 'certificates', 'CONFLICT', 'the certified leaf says that the item was refused')
    this.#book.count('certificates', 'inclusion proofs')
    return read
  }

  /** An effect that an item brings along is one that its source sent. */
  checkProof(
    source: number,
    target: number,
    n: number,
    body: Uint8Array,
    proof: EffectProof | undefined,
  ): void {
    if (proof === undefined) {
      this.#book.skip('certificates', 'effects without a proof')
      return
    }
    const head = this.#verify(proof.certificate, source)
    const read = sound(openLeaf(head, proof, this.#context.sha256), 'certificates')
    const hash = this.#context.sha256(body)
    const group = groupOfMachine(target)
    const isSent = read.outputs.some(
      (output) =>
        output.kind === 'effect' &&
        output.group === group &&
        output.number === n &&
        equalBytes(output.hash, hash),
    )
    expectThat(isSent, 'certificates', 'CONFLICT', `the certified leaf does not send effect ${n}`)
    this.#book.count('certificates', 'inclusion proofs')
  }

  #countShares({ shares }: Certificate): void {
    this.#book.count('signatures', 'signatures', shares.length)
  }

  /** Counted wherever it stands, and verified once. */
  #verify(certificate: Certificate, machine: number): TreeHead {
    this.#book.count('certificates', 'certificates')
    this.#countShares(certificate)
    const key = `${machine} ${certificateHash(certificate, this.#context.sha256).toHex()}`
    const known = this.#verified.get(key)
    if (known !== undefined) return known
    const head = sound(verifyInChain(this.#chain(machine), certificate, this.#context), 'certificates')
    this.#verified.set(key, head)
    return head
  }

  #chain(machine: number): VoterChain {
    const known = this.#chains.get(machine) ?? this.#beginnings.get(machine)
    if (known !== undefined) return known
    const made = startChain(firstVoters(this.#genesis.genesis, machine))
    this.#beginnings.set(machine, made)
    return made
  }
}
