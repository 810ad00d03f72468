import { LruMap } from '../../model/lru-map.ts'
import type { JudgeEntry } from './judge-entry.ts'

/** A need has three that are judged; each takes a few hundred bytes. */
const JUDGED_MAX = 4_096

/**
 * The same word of the capsule, which is not asked again for what it allowed lately: an entry is judged when it is weighed and
 * again when it is applied. An envelope's id names every byte that the policy sees of it. A denial is never remembered,
 * so that nobody fills the memory with what is denied.
 */
export function rememberingJudge(judge: JudgeEntry, entriesMax = JUDGED_MAX): JudgeEntry {
  const allowed = new LruMap<string, true>(entriesMax)
  return (capsule, envelope, slot) => {
    const name = `${capsule} ${envelope.id} ${slot}`
    if (allowed.get(name) === true) return ALLOWED
    const passed = judge(capsule, envelope, slot)
    if (passed.ok) allowed.set(name, true)
    return passed
  }
}

const ALLOWED = { ok: true, value: undefined } as const
