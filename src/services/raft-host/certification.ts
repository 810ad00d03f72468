import { byteText } from '../../codec/bytes.ts'
import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { DoubleSigning } from '../../codec/certificate/double-signing.ts'
import type { SealShares } from '../../codec/certificate/share.ts'
import { type JudgeShare, shareJudge } from '../../codec/certificate/share-judge.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import type { CID } from '../../codec/cid.ts'
import type { AcceptedKeys } from '../../codec/did/accepted-keys.ts'
import { signStatement } from '../../codec/signed/statement.ts'
import type { SealRules } from '../../core/certificate/check-outputs.ts'
import type { ConfigVersion, Generation } from '../../model/certified.ts'
import type { Did, Signature } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { KeyPair } from '../../ports/keystore.ts'

/** What a host needs to certify its groups, and to judge what others certified. */
export interface Certification {
  readonly rules: SealRules
  /** This node's voice; undefined: it follows and judges, and signs nothing. */
  readonly signer: Signer | undefined
  /** Key of a node, as the system group knows it: for founding groups and ordering changes of members. */
  readonly didOf: (id: RaftId) => Did | undefined
}

/** Signs seal shares: synchronous, one call a turn. */
export interface Signer {
  readonly voter: Did
  readonly sign: (root: Uint8Array) => Signature
}

/** What a node certified or signed, for those who check or show it. */
export type SealNotice =
  /** This node is about to speak: what it says is noted. */
  | { readonly kind: 'signed'; readonly shares: SealShares }
  /** The leader has a complete set. */
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  /** An entry of the group recorded the certificate of a change of its voters: all replicas have this one, as the log does. */
  | { readonly kind: 'change-recorded'; readonly certificate: Certificate }
  /** A voter was caught. */
  | { readonly kind: 'double-signing'; readonly evidence: DoubleSigning }
  /** What is to be signed is not what was noted: nothing is signed. */
  | { readonly kind: 'contradiction'; readonly noted: TreeHead; readonly asked: TreeHead }

/** What genesis says of certificates: how many liars are withstood, and each group's first voters. */
export interface CertifiedGenesis {
  readonly net: CID
  readonly liars: number
  readonly generation: number
  readonly votersOf: (group: GroupId) => readonly Did[] | undefined
}

/** Judged signatures that are remembered: a turn's signature comes back with every group's certificate. */
const JUDGED_MAX = 8_192
const FIRST_VERSION = 1 as ConfigVersion

/** Certification with real keys. Signatures are judged by ZIP215, the fast way first. */
export function certificationOf(
  crypto: Pick<Crypto, 'sha256' | 'sign' | 'verify' | 'verifyFast'>,
  keys: Pick<AcceptedKeys, 'ofDid'>,
  genesis: CertifiedGenesis,
  own: KeyPair | undefined,
  didOf: (id: RaftId) => Did | undefined,
): Certification {
  const judge = shareJudge(
    genesis.net,
    keys,
    (key, message, s) => crypto.verifyFast(key, message, s) || crypto.verify(key, message, s),
  )
  return {
    rules: {
      liars: genesis.liars,
      judge: rememberJudged(judge),
      sha256: crypto.sha256,
      genesisOf: (group, generation) => genesisConfig(genesis, group, generation),
    },
    signer: own && {
      voter: own.did,
      sign: (root) => signStatement(crypto, 'seal-share', genesis.net, own.secret, root),
    },
    didOf,
  }
}

/** A group's first config, its voters ascending; undefined for another generation or a group that genesis has not. */
export function genesisConfig(
  { votersOf, generation }: Pick<CertifiedGenesis, 'votersOf' | 'generation'>,
  group: GroupId,
  of: number,
): VoterConfig | undefined {
  const voters = votersOf(group)
  if (voters === undefined || of !== generation) return undefined
  return {
    group,
    generation: of as Generation,
    version: FIRST_VERSION,
    voters: voters.toSorted((a, b) => (a < b ? -1 : 1)),
    outgoing: [],
  }
}

/** The same answers, at the price of a look-up when a signature comes again. */
export function rememberJudged(judge: JudgeShare): JudgeShare {
  const judged = new LruMap<string, boolean>(JUDGED_MAX)
  return (voter, root, signature) => {
    const key = `${voter} ${byteText(root)} ${byteText(signature)}`
    const known = judged.get(key)
    if (known !== undefined) return known
    const verdict = judge(voter, root, signature)
    judged.set(key, verdict)
    return verdict
  }
}
