import { decodeCertificate } from '../../codec/certificate/certificate.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { type EffectProof, encodeItem } from '../../codec/entry/item.ts'
import { assert } from '../../model/fault.ts'
import type { GroupId } from '../../model/raft.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { CertifiedItem } from '../../ports/state-machine.ts'
import { verdictBytes } from './proof-check.ts'

/** What the leaf of a command names: its body, without the ticket, which is between proposer and group. */
export function commandItem(body: Uint8Array): Uint8Array {
  const { length } = body
  // Every command passes here: its form [0, bytes] is written by hand, a third of the time of the encoder's.
  const head =
    length < 24
      ? [LIST_OF_2, 0, BYTES + length]
      : length < 256
        ? [LIST_OF_2, 0, BYTES + 24, length]
        : length < 65_536
          ? [LIST_OF_2, 0, BYTES + 25, length >> 8, length & 255]
          : undefined
  if (head === undefined) return encodeItem({ kind: 'command', command: body })
  const item = new Uint8Array(head.length + length)
  item.set(head)
  item.set(body, head.length)
  return item
}

/** Heads of CBOR: a list of two, and bytes of a length. */
const [LIST_OF_2, BYTES] = [0x82, 0x40]

/** What the leaf of a received effect names: where it came from, its number and body, and what proved it. */
export function effectItem(
  source: GroupId,
  n: number,
  body: Uint8Array,
  proof: CertifiedItem | undefined,
): Uint8Array {
  const received = { kind: 'received', source, n, body } as const
  return encodeItem(proof === undefined ? received : { ...received, proof: proofOf(proof) })
}

/** What the leaf of an answer names: [2, source, n, verdict, [[certificate, index, leaf, path]] or []]. */
export function answerItem(
  source: GroupId,
  n: number,
  verdict: Verdict,
  proof: CertifiedItem | undefined,
): Uint8Array {
  const proofs = proof && [[proof.certificate, proof.position, proof.leaf, [...proof.path]]]
  return encodeDagCbor([2, source, n, verdictBytes(verdict), proofs ?? []])
}

/** What the leaf of a recorded certificate names: [3, number of the leaf that it closes, certificate]. */
export function closedItem({ position, certificate }: CertifiedItem): Uint8Array {
  return encodeDagCbor([3, position, certificate])
}

function proofOf({ certificate, position, leaf, path }: CertifiedItem): EffectProof {
  const decoded = decodeCertificate(certificate)
  assert(decoded.ok, 'a certificate that was checked before')
  return { certificate: decoded.value, index: position, leaf, path }
}
