import { NOTED_HEADS_MAX } from '../../codec/certificate/seal-note.ts'
import { equalTreeHeads, isSameSize, type TreeHead } from '../../codec/certificate/tree-head.ts'
import { assert } from '../../model/fault.ts'

/**
 * What a voter does when it is to sign a head:
 * `note`: the head is stored durably with those that may be asked for again; only then it is signed and spoken.
 * `noted`: it is stored; signing again says nothing new.
 * `refuse`: an older size or generation, of which nothing is known any more; whoever asks takes a later size.
 * `defect`: this size was noted otherwise. Our own log or state is not what it was: nothing is signed, and told.
 */
export type NoteStep =
  | { readonly kind: 'note' | 'noted' }
  | { readonly kind: 'refuse'; readonly why: 'older-size' | 'older-generation' }
  | { readonly kind: 'defect'; readonly noted: TreeHead; readonly asked: TreeHead }

/**
 * Never two roots for one size: sizes of a generation only rise, but for those that are still noted, and each is noted
 * before it is signed. `noted` rises; it is what is stored for the group. Asserts that all are of one group.
 * Source: consensus.md, "Certificates".
 */
export function noteShare(noted: readonly TreeHead[], asked: TreeHead): NoteStep {
  const last = noted.at(-1)
  if (last === undefined) return { kind: 'note' }
  assert(last.group === asked.group, 'what is noted is of the same group')
  if (asked.generation < last.generation) return { kind: 'refuse', why: 'older-generation' }
  if (asked.generation > last.generation || asked.size > last.size) return { kind: 'note' }
  const before = noted.find((head) => isSameSize(head, asked))
  if (before === undefined) return { kind: 'refuse', why: 'older-size' }
  return equalTreeHeads(before, asked) ? { kind: 'noted' } : { kind: 'defect', noted: before, asked }
}

/** Latest heads that are kept because their share may have got lost. */
const LATEST_KEPT = 16

/** What to store once these are to be signed too: the latest ones, and of the others those that are still needed. */
export function notedWith(
  noted: readonly TreeHead[],
  more: readonly TreeHead[],
  isNeeded: (head: TreeHead) => boolean,
): readonly TreeHead[] {
  const all = [...noted, ...more]
  const kept = all.filter((head, at) => at >= all.length - LATEST_KEPT || isNeeded(head))
  return kept.slice(-NOTED_HEADS_MAX)
}
