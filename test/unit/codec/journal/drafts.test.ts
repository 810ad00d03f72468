import { describe, expect, it } from 'vitest'
import {
  draftEnvelopeIn,
  draftEnvelopeOut,
  draftError,
  draftPolicy,
} from '../../../../src/codec/journal/drafts.ts'
import { LineEncoder } from '../../../../src/codec/journal/encoder.ts'
import type { NanoText } from '../../../../src/codec/journal/kinds.ts'
import {
  BODY_INLINE_MAX,
  LINE_BYTES_MAX,
  SIGNATURE_INLINE_MAX,
  TEXT_CHARS_MAX,
  TEXTS_MAX,
} from '../../../../src/codec/journal/limits.ts'
import { START } from '../../../../src/codec/journal/line.ts'
import { NET, sampleBody, sha256Hex, THREAD } from '../../../setup/journal.ts'

const { id, hash } = sampleBody(1)

describe('drafts', () => {
  it('carry a body up to the limit as base64, and name a larger one by id and hash alone', () => {
    const fits = draftEnvelopeOut({ thread: THREAD, id, hash, body: new Uint8Array(BODY_INLINE_MAX) })
    const over = draftEnvelopeOut({ thread: THREAD, id, hash, body: new Uint8Array(BODY_INLINE_MAX + 1) })
    expect((JSON.parse(fits.data) as { body: string }).body).toHaveLength((BODY_INLINE_MAX * 4) / 3)
    expect(JSON.parse(over.data)).toEqual({ id })
    expect(over.hash).toBe(hash)
  })

  it('leave out a signature over the limit', () => {
    const signature = new Uint8Array(SIGNATURE_INLINE_MAX + 1)
    expect(JSON.parse(draftEnvelopeOut({ thread: THREAD, id, hash, signature }).data)).toEqual({ id })
  })

  it('cut a long text and mark it with an ellipsis', () => {
    const cut = JSON.parse(
      draftError(undefined, { code: 'x', message: 'm'.repeat(TEXT_CHARS_MAX + 1) }).data,
    ) as {
      message: string
    }
    expect(cut.message).toBe(`${'m'.repeat(TEXT_CHARS_MAX - 1)}…`)
    const whole = JSON.parse(
      draftError(undefined, { code: 'x', message: 'm'.repeat(TEXT_CHARS_MAX) }).data,
    ) as {
      message: string
    }
    expect(whole.message).toBe('m'.repeat(TEXT_CHARS_MAX))
  })

  it('name a limited number of reasons', () => {
    const reasons = Array.from({ length: TEXTS_MAX + 3 }, (_, i) => `r${i}`)
    const draft = draftPolicy(THREAD, {
      gate: 'PREFLIGHT',
      capsule: NET,
      input: id,
      decision: 'deny',
      gas: 1,
      reasons,
    })
    expect((JSON.parse(draft.data) as { reasons: string[] }).reasons).toEqual(reasons.slice(0, TEXTS_MAX))
  })

  it('make lines within the limit from the largest parts', () => {
    const worst = '\u0000'.repeat(2 * TEXT_CHARS_MAX)
    const drafts = [
      draftEnvelopeIn({
        thread: THREAD,
        id,
        hash,
        body: new Uint8Array(BODY_INLINE_MAX),
        signature: new Uint8Array(SIGNATURE_INLINE_MAX),
        peer: worst,
        refused: 'MALFORMED',
      }),
      draftPolicy(THREAD, {
        gate: 'PREFLIGHT',
        capsule: worst,
        input: worst,
        decision: 'deny',
        gas: 1,
        id: worst,
        reasons: Array.from({ length: 2 * TEXTS_MAX }, () => worst),
      }),
      draftError(THREAD, { code: worst, message: worst, where: worst }),
    ]
    for (const draft of drafts) {
      const { bytes } = new LineEncoder(sha256Hex).encode(START, '1' as NanoText, draft)
      expect(bytes.length).toBeLessThanOrEqual(LINE_BYTES_MAX)
    }
  })
})
