import type { Certificate } from '../../codec/certificate/certificate.ts'
import { shareRoot, sharesOf } from '../../codec/certificate/share.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import type { CID } from '../../codec/cid.ts'
import { signStatement } from '../../codec/signed/statement.ts'
import { startCollecting, stepCollecting } from '../../core/certificate/collect-shares.ts'
import { groupOfMachine } from '../../core/witness/machine.ts'
import type { ConfigVersion, Generation } from '../../model/certified.ts'
import { DefectError } from '../../model/fault.ts'
import type { Did, SecretKey } from '../../model/ids.ts'
import type { Crypto } from '../../ports/crypto.ts'

/** A voter whose key the simulation holds. */
export interface SimVoter {
  readonly did: Did
  readonly secret: SecretKey
}

/** The voters of all groups: one config, that of genesis. */
export class Voters {
  /** Ascending by DID. */
  readonly all: readonly SimVoter[]
  readonly dids: readonly Did[]
  readonly #crypto: Crypto
  readonly #net: CID
  readonly #liars: number
  readonly #generation: number

  constructor(voters: readonly SimVoter[], crypto: Crypto, net: CID, liars: number, generation: number) {
    this.all = voters.toSorted((a, b) => (a.did < b.did ? -1 : 1))
    this.dids = this.all.map(({ did }) => did)
    this.#crypto = crypto
    this.#net = net
    this.#liars = liars
    this.#generation = generation
  }

  config(machine: number): VoterConfig {
    return {
      group: groupOfMachine(machine),
      generation: this.#generation as Generation,
      version: 1 as ConfigVersion,
      voters: this.dids,
      outgoing: [],
    }
  }

  /** The first voters that make a quorum sign the head. */
  certify(machine: number, head: Pick<TreeHead, 'size' | 'root' | 'state'>): Certificate {
    const config = this.config(machine)
    const whole: TreeHead = {
      ...head,
      group: config.group,
      generation: config.generation,
      config: config.version,
    }
    let collecting = startCollecting(whole, config, this.#liars)
    for (const { did, secret } of this.all) {
      const root = shareRoot([whole], this.#crypto.sha256)
      const s = signStatement(this.#crypto, 'seal-share', this.#net, secret, root)
      for (const share of sharesOf({ voter: did, heads: [whole], s }, this.#crypto.sha256)) {
        const step = stepCollecting(collecting, share)
        if (step.certificate !== undefined) return step.certificate
        collecting = step.collecting
      }
    }
    throw new DefectError('all voters together are a quorum')
  }
}
