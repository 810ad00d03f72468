import { type Certificate, encodeCertificate } from '../../codec/certificate/certificate.ts'
import { decodeSealNote } from '../../codec/certificate/seal-note.ts'
import { decodeShares, encodeShares, shareRoot } from '../../codec/certificate/share.ts'
import { equalTreeHeads, type TreeHead } from '../../codec/certificate/tree-head.ts'
import { decodeFrame, encodeFrame, type FrameItem } from '../../codec/raft-frame/frame.ts'
import { configAt, type SealedLog } from '../../core/certificate/sealed-log.ts'
import type { Did } from '../../model/ids.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { SealNotice } from '../../services/raft-host/certification.ts'
import { SEAL_NOTE } from '../../services/raft-host/group-seals.ts'
import type { Durable } from './durable.ts'
import type { SimKeys } from './sim-keys.ts'
import { Violation } from './violation.ts'

/** What the node that said something has. */
export interface SealView {
  readonly disk: Durable
  readonly sealedOf: (group: GroupId) => SealedLog | undefined
}

/**
 * What must hold of certificates in every run: what an honest voter signs is noted on its disk and agrees with all that
 * it ever signed; a size has one certified root; a quorum is one; nobody honest is caught.
 */
export class SealChecks {
  readonly #signed = new Map<string, TreeHead>()
  readonly #certified = new Map<string, TreeHead>()
  readonly #liars: ReadonlySet<Did>
  /** Certificates of changes of voters, as groups recorded them. */
  readonly #recorded = new Map<string, string>()
  /** How many liars the network withstands. */
  readonly #f: number
  certificates = 0
  /** How often a liar was caught. */
  caught = 0

  constructor(liars: ReadonlySet<Did>, f: number) {
    this.#liars = liars
    this.#f = f
  }

  take(node: RaftId, notice: SealNotice, view: SealView): void {
    switch (notice.kind) {
      case 'signed':
        for (const head of notice.shares.heads) this.#signing(node, notice.shares.voter, head, view.disk)
        return
      case 'certificate':
        return this.#certificate(node, notice.certificate, view.sealedOf(notice.certificate.head.group))
      case 'change-recorded':
        return this.#changeRecorded(node, notice.certificate)
      case 'double-signing': {
        const { voter } = notice.evidence.first
        if (!this.#liars.has(voter)) throw new Violation('honest-convicted', `by node ${node}: ${voter}`)
        this.caught++
        return
      }
      case 'contradiction':
        throw new Violation('seal-contradiction', `node ${node} group ${notice.asked.group}`)
      default:
        return notice satisfies never
    }
  }

  #signing(node: RaftId, voter: Did, head: TreeHead, disk: Durable): void {
    const what = `node ${node} group ${head.group} size ${head.size}`
    const note = disk.groups.get(head.group)?.notes.get(SEAL_NOTE)
    const noted = note && decodeSealNote(note.bytes)
    if (noted?.ok !== true || !noted.value.some((one) => equalTreeHeads(one, head)))
      throw new Violation('unnoted-share', what)
    const key = `${voter} ${head.group} ${head.generation} ${head.size}`
    const before = this.#signed.get(key)
    if (before !== undefined && !equalTreeHeads(before, head)) throw new Violation('two-roots-signed', what)
    this.#signed.set(key, head)
  }

  /** Every replica has the same certificate of a change of voters, whatever it heard. */
  #changeRecorded(node: RaftId, certificate: Certificate): void {
    const { group, generation, size } = certificate.head
    const key = `${group} ${generation} ${size}`
    const bytes = encodeCertificate(certificate).toHex()
    if ((this.#recorded.get(key) ?? bytes) !== bytes)
      throw new Violation('change-recorded-twice', `node ${node} group ${group} size ${size}`)
    this.#recorded.set(key, bytes)
  }

  #certificate(node: RaftId, { head, shares }: Certificate, sealed: SealedLog | undefined): void {
    const what = `node ${node} group ${head.group} size ${head.size}`
    const key = `${head.group} ${head.generation} ${head.size}`
    const before = this.#certified.get(key)
    if (before !== undefined && !equalTreeHeads(before, head)) throw new Violation('two-certificates', what)
    this.#certified.set(key, head)
    this.certificates++
    const signers = new Set(shares.map(({ voter }) => voter))
    const config = sealed && configAt(sealed, head.size)
    for (const set of [config?.voters ?? [], config?.outgoing ?? []]) {
      const signed = set.filter((voter) => signers.has(voter)).length
      // By an arithmetic of its own: so many that two such sets share more than f.
      if (set.length > 0 && 2 * signed - set.length <= this.#f) throw new Violation('small-quorum', what)
    }
  }
}

/**
 * What a liar sends: with each of its shares another one, of the same sizes with other roots; before each batch of
 * effects one that says something else, under the same proof.
 */
export function lyingFrame(frame: Uint8Array, liar: RaftId, keys: SimKeys, sha256: Sha256): Uint8Array {
  const items = decodeFrame(frame)
  if (!items.ok || !items.value.some(({ kind }) => kind === 'seal-shares' || kind === 'effects')) return frame
  return encodeFrame(
    items.value.flatMap((item): readonly FrameItem[] => {
      if (item.kind === 'effects') {
        const bodies = item.batch.bodies.map(() => new TextEncoder().encode('forged'))
        return [{ ...item, batch: { ...item.batch, bodies } }, item]
      }
      if (item.kind !== 'seal-shares') return [item]
      return [{ ...item, bytes: otherShares(item.bytes, liar, keys, sha256) }, item]
    }),
  )
}

function otherShares(bytes: Uint8Array, liar: RaftId, keys: SimKeys, sha256: Sha256): Uint8Array {
  const shares = decodeShares(bytes)
  if (!shares.ok) throw new Violation('frame', shares.error.message)
  const heads = shares.value.heads.map((head) => ({ ...head, root: sha256(head.root) }))
  return encodeShares({ voter: shares.value.voter, heads, s: keys.sign(liar, shareRoot(heads, sha256)) })
}
