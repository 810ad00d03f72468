import { equalBytes } from '../../codec/bytes.ts'
import { didOfKey } from '../../codec/did/did-key.ts'
import type { Did, PublicKey, Signature } from '../../model/ids.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { type Certification, genesisConfig, rememberJudged } from '../../services/raft-host/certification.ts'

/**
 * Keys of simulated nodes, the same in every run. A signature is a hash with the node's secret: as good as any where
 * all liars are the simulation's own, and thirty times as fast as a real one.
 */
export class SimKeys {
  readonly #sha256: Sha256
  readonly #dids = new Map<RaftId, Did>()
  readonly #ids = new Map<Did, RaftId>()

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  didOf(id: RaftId): Did {
    const known = this.#dids.get(id)
    if (known !== undefined) return known
    const did = didOfKey(this.#sha256(new TextEncoder().encode(`key ${id}`)) as PublicKey)
    this.#dids.set(id, did)
    this.#ids.set(did, id)
    return did
  }

  idOf(did: Did): RaftId | undefined {
    return this.#ids.get(did)
  }

  sign(id: RaftId, root: Uint8Array): Signature {
    const half = this.#sha256(new Uint8Array([...new TextEncoder().encode(`secret ${id} `), ...root]))
    return new Uint8Array([...half, ...half]) as Signature
  }

  /** Certification of nodes whose groups all began with voters 1 to `voters`. */
  certification(voters: number, liars: number): (node: RaftId) => Certification {
    const first = Array.from({ length: voters }, (_, at) => this.didOf((at + 1) as RaftId))
    const genesis = { generation: 0, votersOf: (_group: GroupId): readonly Did[] => first }
    const judge = (voter: Did, root: Uint8Array, signature: Uint8Array): boolean => {
      const id = this.idOf(voter)
      return id !== undefined && equalBytes(signature, this.sign(id, root))
    }
    return (node) => ({
      rules: {
        liars,
        judge: rememberJudged(judge),
        sha256: this.#sha256,
        genesisOf: (group, generation) => genesisConfig(genesis, group, generation),
      },
      signer: { voter: this.didOf(node), sign: (root) => this.sign(node, root) },
      didOf: (id) => this.didOf(id),
    })
  }
}
