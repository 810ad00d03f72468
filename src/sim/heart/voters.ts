import type { Certificate } from '../../codec/certificate/certificate.ts'
import { type SealShare, shareRoot, sharesOf } from '../../codec/certificate/share.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import type { CID } from '../../codec/cid.ts'
import { signStatement } from '../../codec/signed/statement.ts'
import { startCollecting, stepCollecting } from '../../core/certificate/collect-shares.ts'
import { groupOfMachine } from '../../core/witness/machine.ts'
import type { ConfigVersion, Generation } from '../../model/certified.ts'
import { assert, DefectError } from '../../model/fault.ts'
import type { Did, SecretKey } from '../../model/ids.ts'
import type { Crypto } from '../../ports/crypto.ts'

/** A voter whose key the simulation holds. */
export interface SimVoter {
  readonly did: Did
  readonly secret: SecretKey
}

/** A group's tree and state as they stand. */
export interface GrownGroup extends Pick<TreeHead, 'size' | 'root' | 'state'> {
  readonly machine: number
}

/** The config that follows when somebody joins. */
export function withVoter(config: VoterConfig, did: Did): VoterConfig {
  const voters = [...config.voters, did].sort()
  return { ...config, version: (config.version + 1) as ConfigVersion, voters }
}

/** The voters of all groups: those of genesis, until a machine's are changed. */
export class Voters {
  /** Ascending by DID. */
  readonly all: readonly SimVoter[]
  readonly dids: readonly Did[]
  readonly #crypto: Crypto
  readonly #net: CID
  readonly #liars: number
  readonly #generation: number
  readonly #changed = new Map<number, VoterConfig>()

  constructor(voters: readonly SimVoter[], crypto: Crypto, net: CID, liars: number, generation: number) {
    this.all = voters.toSorted((a, b) => (a.did < b.did ? -1 : 1))
    this.dids = this.all.map(({ did }) => did)
    this.#crypto = crypto
    this.#net = net
    this.#liars = liars
    this.#generation = generation
  }

  /** A group has a further voter, who says nothing. */
  join(machine: number, did: Did): void {
    this.#changed.set(machine, withVoter(this.config(machine), did))
  }

  config(machine: number): VoterConfig {
    const changed = this.#changed.get(machine)
    if (changed !== undefined) return changed
    return {
      group: groupOfMachine(machine),
      generation: this.#generation as Generation,
      version: 1 as ConfigVersion,
      voters: this.dids,
      outgoing: [],
    }
  }

  /**
   * What voters say at the end of a turn: the first that make a quorum sign the heads of all groups at once. Asserts that
   * there is a head. Source: consensus.md, "Certificates".
   */
  certify(grown: readonly GrownGroup[]): ReadonlyMap<number, Certificate> {
    const { sha256 } = this.#crypto
    const heads = grown.map((one) => this.#headOf(one))
    const root = shareRoot(heads, sha256)
    const said = this.all.map(({ did, secret }) => {
      const s = signStatement(this.#crypto, 'seal-share', this.#net, secret, root)
      return sharesOf({ voter: did, heads, s }, sha256)
    })
    return new Map(
      grown.map(({ machine }, at) => [
        machine,
        this.#collected(
          machine,
          said.flatMap((shares) => shares[at] ?? []),
        ),
      ]),
    )
  }

  #headOf({ machine, size, root, state }: GrownGroup): TreeHead {
    const { group, generation, version } = this.config(machine)
    return { size, root, state, group, generation, config: version }
  }

  #collected(machine: number, shares: readonly SealShare[]): Certificate {
    const [first] = shares
    assert(first !== undefined, 'voters sign for every group')
    let collecting = startCollecting(first.head, this.config(machine), this.#liars)
    for (const share of shares) {
      const step = stepCollecting(collecting, share)
      if (step.certificate !== undefined) return step.certificate
      collecting = step.collecting
    }
    throw new DefectError('all voters together are a quorum')
  }
}
