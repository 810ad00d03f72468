import { KEY_BYTES } from './put-store.ts'

/**
 * What a client of the benchmark says to a node, little-endian, each frame with a u32 of its length before it:
 *
 *     put    = u32 request, key (16 bytes), value
 *     answer = u32 request, u8 (0 took, 1 there was one, 2 failed); a frame holds any number of them
 */
export type PutOutcome = 'took' | 'there' | 'failed'

const OUTCOMES: readonly PutOutcome[] = ['took', 'there', 'failed']
const ANSWER_BYTES = 5

/** With its length before it. */
export function encodePut(request: number, key: Uint8Array, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + KEY_BYTES + value.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 4 + KEY_BYTES + value.length, true)
  view.setUint32(4, request, true)
  bytes.set(key, 8)
  bytes.set(value, 8 + KEY_BYTES)
  return bytes
}

export function decodePut(frame: Uint8Array): { request: number; key: Uint8Array; value: Uint8Array } {
  const view = new DataView(frame.buffer, frame.byteOffset)
  return {
    request: view.getUint32(0, true),
    key: frame.subarray(4, 4 + KEY_BYTES),
    value: frame.subarray(4 + KEY_BYTES),
  }
}

/** With its length before it. */
export function encodeAnswers(
  answers: readonly { readonly request: number; readonly outcome: PutOutcome }[],
): Uint8Array {
  const bytes = new Uint8Array(4 + answers.length * ANSWER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, answers.length * ANSWER_BYTES, true)
  for (const [at, { request, outcome }] of answers.entries()) {
    view.setUint32(4 + at * ANSWER_BYTES, request, true)
    view.setUint8(8 + at * ANSWER_BYTES, OUTCOMES.indexOf(outcome))
  }
  return bytes
}

export function decodeAnswers(frame: Uint8Array): readonly { request: number; outcome: PutOutcome }[] {
  const view = new DataView(frame.buffer, frame.byteOffset)
  return Array.from({ length: frame.length / ANSWER_BYTES }, (_, at) => ({
    request: view.getUint32(at * ANSWER_BYTES, true),
    outcome: OUTCOMES[view.getUint8(at * ANSWER_BYTES + 4)] ?? 'failed',
  }))
}
