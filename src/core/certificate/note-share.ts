import { equalTreeHeads, isSameSize, type TreeHead } from '../../codec/certificate/tree-head.ts'
import { assert } from '../../model/fault.ts'

/**
 * What a voter does when it is to sign a head:
 * `note`: this head is stored durably, in place of the one before; only then it is signed and spoken.
 * `noted`: it is what was stored last; signing again says nothing new.
 * `refuse`: an older size or generation, of which nothing is known any more; whoever asks takes a later size.
 * `defect`: this size was noted otherwise. Our own log or state is not what it was: the group halts on this node.
 */
export type NoteStep =
  | { readonly kind: 'note'; readonly note: TreeHead }
  | { readonly kind: 'noted' }
  | { readonly kind: 'refuse'; readonly why: 'older-size' | 'older-generation' }
  | { readonly kind: 'defect'; readonly noted: TreeHead; readonly asked: TreeHead }

/**
 * Never two roots for one size: sizes of a generation only rise, and the last one is noted before it is signed. `noted`
 * is what is stored for the group, undefined when nothing was ever signed. Asserts that both are of one group.
 * Source: consensus.md, "Certificates".
 */
export function noteShare(noted: TreeHead | undefined, asked: TreeHead): NoteStep {
  if (noted === undefined) return { kind: 'note', note: asked }
  assert(noted.group === asked.group, 'what is noted is of the same group')
  if (asked.generation < noted.generation) return { kind: 'refuse', why: 'older-generation' }
  if (asked.generation > noted.generation || asked.size > noted.size) return { kind: 'note', note: asked }
  if (!isSameSize(noted, asked)) return { kind: 'refuse', why: 'older-size' }
  return equalTreeHeads(noted, asked) ? { kind: 'noted' } : { kind: 'defect', noted, asked }
}
