import type { Kind } from '../../codec/payload/verbs.ts'

/** Verbs that no entry follows from and that concern everybody in the thread: they go by gossip alone, and are fetched. */
export const THREAD_ONLY: ReadonlySet<Kind> = new Set(['UPDATE_PLAN'])

/**
 * Verbs that others than voters must hear before an entry carries them: seats attest a plan once it is shown. Everything else
 * goes to voters by stream, and comes to others with the committed batch.
 */
export const HEARD_EARLY: ReadonlySet<Kind> = new Set(['REVEAL_PLAN'])
