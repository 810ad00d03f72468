import { type Certificate, encodeCertificate } from '../../codec/certificate/certificate.ts'
import type { DoubleSigning } from '../../codec/certificate/double-signing.ts'
import { encodeSealNote } from '../../codec/certificate/seal-note.ts'
import {
  decodeShares,
  encodeShares,
  type SealShare,
  SHARE_HEADS_MAX,
  shareRoot,
  sharesOf,
} from '../../codec/certificate/share.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import { startCollecting, stepCollecting } from '../../core/certificate/collect-shares.ts'
import { notedWith, noteShare } from '../../core/certificate/note-share.ts'
import { isVoter } from '../../core/certificate/quorum.ts'
import { configAt, headAt, openLinks, type SealedLog } from '../../core/certificate/sealed-log.ts'
import { isAwaited } from '../../core/replica/proof-check.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Note } from '../../ports/turn-store.ts'
import type { Certification } from './certification.ts'
import { DoubleSigners } from './double-signers.ts'
import { SEAL_NOTE } from './group-seals.ts'
import { type HostCore, wake } from './host-core.ts'
import { type HostedGroup, openSizes } from './hosted-group.ts'

/** What a turn makes stable and then says. */
export interface SealTurn {
  readonly groups: readonly GroupSealing[]
}

interface GroupSealing {
  readonly group: GroupId
  readonly heads: readonly TreeHead[]
  readonly askers: ReadonlySet<RaftId>
  /** What is to be stored before; undefined: it is. */
  readonly noted: readonly TreeHead[] | undefined
}

/** Sizes of one group that are collected, or wanted, at a time. */
const SIZES_AT_ONCE = 8
/** Sizes of one group whose shares are awaited: more would only cost signatures. */
const UNDERWAY_MAX = 2

/**
 * Seal shares and certificates of all groups of a node. The leader names sizes; a voter that has applied one notes its
 * head in the next row and, when that is stable, signs all heads of the turn with one signature; the leader
 * puts shares together. Nothing of it is needed to decide: it proves what was decided.
 *
 *     wanted --head is applied--> noted in a row --stable--> signed and sent --quorum at the leader--> certificate
 *
 * Source: consensus.md, "Certificates".
 */
export class Seals {
  readonly #core: HostCore
  readonly #certification: Certification | undefined
  /** Undefined: groups have no certificates. */
  readonly #signers: DoubleSigners | undefined

  constructor(core: HostCore) {
    this.#core = core
    this.#certification = core.certification
    const { onSeal, tell, certification, sha256 } = core
    this.#signers =
      certification &&
      new DoubleSigners(certification.rules.judge, sha256, (evidence) => {
        const { voter, head } = evidence.first
        onSeal({ kind: 'double-signing', evidence })
        tell({ kind: 'double-signing', group: head.group, voter, size: head.size })
      })
  }

  /** Voters that were caught signing two roots for one size, by this node. */
  get evidence(): readonly DoubleSigning[] {
    return this.#signers?.evidence ?? []
  }

  /** There is something to note and sign. */
  get isDue(): boolean {
    if (this.#certification === undefined) return false
    return [...this.#core.groups.busy()].some((group) => this.#signable(group).length > 0)
  }

  /** At the end of a turn: the leader names what it needs signed, and asks again for what does not come. */
  lead(group: HostedGroup): void {
    const { replica, seals, role, condition } = group
    const sealed = replica?.sealed
    if (sealed === undefined || role !== 'leader' || condition !== 'running') return
    const { tick, settings, mutant } = this.#core
    const isRecent = (at: number | undefined): boolean =>
      at !== undefined && (tick - at < settings.effectRetryTicks || mutant === 'ask-once')
    for (const size of openSizes(group)) {
      const underway = [...seals.collecting.keys()].filter((one) => isRecent(seals.askedAt.get(one)))
      if (isRecent(seals.askedAt.get(size)) || underway.length >= UNDERWAY_MAX) continue
      this.#ask(group, sealed, size)
    }
    const { certificate } = seals
    if (certificate === undefined || [...seals.proposedAt.values()].some(isRecent)) return
    if (isAwaited(sealed, certificate.head)) this.#record(group, certificate)
  }

  /** A peer wants this size signed. */
  hearWanted(group: HostedGroup, from: RaftId, size: number): void {
    if (this.#certification?.signer === undefined || group.replica?.sealed === undefined) return
    this.#core.groups.touch(group)
    const { wanted } = group.seals
    const askers = wanted.get(size)
    if (askers !== undefined) askers.add(from)
    else wanted.set(size, new Set([from]))
    for (const old of wanted.keys()) if (wanted.size > SIZES_AT_ONCE) wanted.delete(old)
  }

  /** A certificate that somebody showed, of any group. */
  hearCertificate(certificate: Certificate, isGood: boolean): void {
    this.#signers?.takeCertificate(certificate, isGood)
  }

  hearShares(from: RaftId, bytes: Uint8Array): void {
    const { transport, sha256 } = this.#core
    if (this.#certification === undefined) return
    const decoded = decodeShares(bytes)
    if (!decoded.ok) return transport.distrust(from, 'shares of no form')
    const { voter, heads, s } = decoded.value
    if (!this.#certification.rules.judge(voter, shareRoot(heads, sha256), s)) {
      return transport.distrust(from, 'shares that their voter did not sign')
    }
    for (const share of sharesOf(decoded.value, sha256)) this.#take(share)
  }

  /** What the next row has to note, and what is said once it is stable; undefined: nothing. */
  prepare(): SealTurn | undefined {
    const groups: GroupSealing[] = []
    let heads = 0
    for (const group of this.#core.groups.busy()) {
      const sealing = this.#prepareGroup(group)
      if (sealing === undefined || heads + sealing.heads.length > SHARE_HEADS_MAX) continue
      groups.push(sealing)
      heads += sealing.heads.length
    }
    return groups.length === 0 ? undefined : { groups }
  }

  /** Notes for the row, by group. */
  notesOf({ groups }: SealTurn): ReadonlyMap<GroupId, Note> {
    return new Map(
      groups.flatMap(({ group, noted }) =>
        noted === undefined ? [] : [[group, { kind: SEAL_NOTE, bytes: encodeSealNote(noted) }]],
      ),
    )
  }

  /** The notes are stable: this node signs, once for all groups, and says so to who asked. */
  speak({ groups }: SealTurn): void {
    const signer = this.#certification?.signer
    if (signer === undefined) return
    const { sha256, outgoing, self, groups: hosted } = this.#core
    for (const { group: id, noted } of groups) {
      const group = hosted.get(id)
      if (group !== undefined && noted !== undefined) group.noted = noted
    }
    const heads = groups.flatMap((one) => one.heads)
    const shares = { voter: signer.voter, heads, s: signer.sign(shareRoot(heads, sha256)) }
    this.#core.onSeal({ kind: 'signed', shares })
    const bytes = encodeShares(shares)
    const askers = new Set(groups.flatMap((one) => [...one.askers]))
    for (const to of askers) {
      if (to !== self) outgoing.add(to, { kind: 'seal-shares', bytes })
    }
    if (askers.has(self)) for (const share of sharesOf(shares, sha256)) this.#take(share)
  }

  /** The row was not written: what was to be said is wanted still. */
  takeBack({ groups }: SealTurn): void {
    for (const { group: id, heads, askers } of groups) {
      const group = this.#core.groups.get(id)
      if (group === undefined) continue
      this.#core.groups.touch(group)
      for (const { size } of heads) {
        const wanted = group.seals.wanted.get(size) ?? new Set()
        for (const asker of askers) wanted.add(asker)
        group.seals.wanted.set(size, wanted)
      }
    }
  }

  #ask(group: HostedGroup, sealed: SealedLog, size: number): void {
    const head = headAt(sealed, size)
    if (head === undefined || this.#certification === undefined) return
    const { seals, id } = group
    const { mutant } = this.#core
    const config = configAt(sealed, size)
    if (!seals.collecting.has(size)) {
      const by = mutant === 'joint-one-set' ? { ...config, outgoing: [] } : config
      const fewer = mutant === 'cert-small-quorum' ? 2 : 0
      seals.collecting.set(size, startCollecting(head, by, this.#certification.rules.liars - fewer))
    }
    for (const old of seals.collecting.keys()) {
      if (seals.collecting.size > SIZES_AT_ONCE) seals.collecting.delete(old)
    }
    seals.askedAt.set(size, this.#core.tick)
    for (const old of seals.askedAt.keys()) if (seals.askedAt.size > SIZES_AT_ONCE) seals.askedAt.delete(old)
    wake(this.#core, group)
    for (const [peer, did] of sealed.members) {
      if (!isVoter(config, did)) continue
      if (peer === this.#core.self) this.hearWanted(group, peer, size)
      else this.#core.outgoing.add(peer, { kind: 'seal-wanted', group: id, size })
    }
  }

  /** What something awaits becomes an entry, so that all record the same certificate. */
  #record({ seals, internal }: HostedGroup, certificate: Certificate): void {
    if (this.#core.mutant === 'cert-not-recorded') return
    const { proposedAt } = seals
    proposedAt.set(certificate.head.size, this.#core.tick)
    for (const old of proposedAt.keys()) if (proposedAt.size > SIZES_AT_ONCE) proposedAt.delete(old)
    internal.push({ kind: 'cert', certificate: encodeCertificate(certificate) })
  }

  /** Heads that this node may sign now, of those that are wanted. */
  #signable(group: HostedGroup): readonly TreeHead[] {
    const { replica, seals, condition } = group
    const signer = this.#certification?.signer
    const sealed = replica?.sealed
    if (sealed === undefined || signer === undefined || condition !== 'running') return []
    if (seals.wanted.size === 0) return []
    return [...seals.wanted.keys()]
      .flatMap((size) => headAt(sealed, size) ?? [])
      .filter(({ size }) => isVoter(configAt(sealed, size), signer.voter))
  }

  #prepareGroup(group: HostedGroup): GroupSealing | undefined {
    const { replica, seals, id } = group
    const signer = this.#certification?.signer
    const sealed = replica?.sealed
    const wanted = this.#signable(group)
    if (sealed === undefined || signer === undefined || wanted.length === 0) return undefined
    const askers = new Set(wanted.flatMap(({ size }) => [...(seals.wanted.get(size) ?? [])]))
    for (const { size } of wanted) seals.wanted.delete(size)
    // A later size is never signed before an open change of voters: that one could not be signed any more.
    const links = this.#core.mutant === 'change-skipped' ? [] : openLinks(sealed)
    const open = links.flatMap(({ head }) => head ?? [])
    const sizes = new Map([...open, ...wanted].map((head) => [head.size, head]))
    const rising = [...sizes.values()].toSorted((a, b) => a.size - b.size)
    const mine = rising.filter(({ size }) => isVoter(configAt(sealed, size), signer.voter))
    return this.#judge(group, id, mine, askers, (head) => open.some(({ size }) => size === head.size))
  }

  #judge(
    { noted }: HostedGroup,
    group: GroupId,
    rising: readonly TreeHead[],
    askers: ReadonlySet<RaftId>,
    isNeeded: (head: TreeHead) => boolean,
  ): GroupSealing | undefined {
    const heads: TreeHead[] = []
    const fresh: TreeHead[] = []
    for (const head of rising) {
      const known = this.#core.mutant === 'two-roots' ? [] : [...noted, ...fresh]
      const step = noteShare(known, head)
      if (step.kind === 'refuse') continue
      if (step.kind === 'defect') {
        this.#core.onSeal({ kind: 'contradiction', noted: step.noted, asked: step.asked })
        this.#core.tell({ kind: 'seal-contradiction', group, size: head.size })
        continue
      }
      if (step.kind === 'note') fresh.push(head)
      heads.push(head)
    }
    if (heads.length === 0) return undefined
    return {
      group,
      heads,
      askers,
      noted: fresh.length === 0 ? undefined : notedWith(noted, fresh, isNeeded),
    }
  }

  /** A share whose signature is good. */
  #take(share: SealShare): void {
    const { head, voter } = share
    this.#signers?.take(share)
    const group = this.#core.groups.get(head.group)
    const collecting = group?.seals.collecting.get(head.size)
    if (group === undefined || collecting === undefined || group.role !== 'leader') return
    if (!isVoter(collecting.config, voter)) return
    const step = stepCollecting(collecting, share)
    group.seals.collecting.set(head.size, step.collecting)
    if (step.certificate === undefined) return
    group.seals.collecting.delete(head.size)
    this.#complete(group, step.certificate)
  }

  #complete(group: HostedGroup, certificate: Certificate): void {
    const { seals, replica } = group
    this.#core.onSeal({ kind: 'certificate', certificate })
    const sealed = replica?.sealed
    if (certificate.head.size > (seals.certificate?.head.size ?? 0)) seals.certificate = certificate
    if (sealed !== undefined && isAwaited(sealed, certificate.head)) this.#record(group, certificate)
    wake(this.#core, group)
  }
}
