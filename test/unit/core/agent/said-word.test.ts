import { describe, expect, it } from 'vitest'
import type { Kind } from '../../../../src/codec/payload/verbs.ts'
import { fateOf, type WordFate, type WordWorld } from '../../../../src/core/agent/said-word.ts'
import type { Did, EnvelopeId, Seq } from '../../../../src/model/ids.ts'

const DAY = 86_400_000
const ID = 'bafyreiword' as EnvelopeId
const WORLD: WordWorld = {
  placeOf: () => 'open',
  isCarried: () => false,
  nonceOf: () => 4,
  isPosted: () => false,
  nowMs: 100 * DAY,
}

interface Case {
  readonly seq?: number
  readonly ageMs?: number
  readonly heldMs?: number
  readonly need?: string
  readonly world?: Partial<WordWorld>
}

function fate(kind: Kind, { seq = 1, ageMs = 50 * DAY, heldMs = 0, need, world }: Case = {}): WordFate {
  const ts = WORLD.nowMs - ageMs
  const spoken = { id: ID, kind, sender: 'did:key:me' as Did, seq: seq as Seq, ts, need }
  return fateOf(spoken, heldMs, { ...WORLD, ...world })
}

describe('an own envelope', () => {
  it('of a need waits until an entry carries it, however long that takes (1)', () => {
    expect(fate('ATTEST', { need: 'n' })).toBe('waiting')
    expect(fate('ATTEST', { need: 'n', world: { isCarried: (need, id) => need === 'n' && id === ID } })).toBe(
      'carried',
    )
  })

  it('of a need that is over is over, carried or not (1)', () => {
    const world = { placeOf: () => 'over' as const, isCarried: () => true }
    expect(fate('COMMIT', { need: 'n', world })).toBe('over')
  })

  it('of a need that nobody heard of waits for as long as one may last (1)', () => {
    const world = { placeOf: () => 'unknown' as const }
    expect(fate('CANCEL', { need: 'n', world, ageMs: 14 * DAY })).toBe('waiting')
    expect(fate('CANCEL', { need: 'n', world, ageMs: 14 * DAY + 1 })).toBe('over')
  })

  it('that posts a need waits until the hub has it (2)', () => {
    expect(fate('NEED')).toBe('waiting')
    expect(fate('NEED', { world: { isPosted: (need) => need === ID } })).toBe('over')
  })

  it('of an account waits until it, or a later one, was applied (2)', () => {
    expect([4, 5].map((seq) => fate('TRANSFER', { seq }))).toEqual(['over', 'waiting'])
  })

  it('that nobody needs later is not kept (3)', () => {
    expect(fate('HEARTBEAT', { need: 'n' })).toBe('over')
    expect(fate('UPDATE_PLAN', { heldMs: 60_000 })).toBe('waiting')
    expect(fate('UPDATE_PLAN', { heldMs: 60_001 })).toBe('over')
  })
})
