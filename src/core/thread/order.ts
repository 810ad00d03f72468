import { compareText } from '../../model/compare-text.ts'
import type { EnvelopeHeader } from '../../model/envelope-header.ts'

/**
 * The one order in which a thread's envelopes are listed: `lamport`, sender, `seq`, id, all ascending (text by
 * UTF-16 code unit). Causal, since `lamport` rises along `prev`: parents come before children.
 */
export function compareCausally(a: EnvelopeHeader, b: EnvelopeHeader): number {
  return a.lamport - b.lamport || compareText(a.sender, b.sender) || a.seq - b.seq || compareText(a.id, b.id)
}
