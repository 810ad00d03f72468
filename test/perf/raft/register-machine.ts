import { byteText, concatBytes } from '../../../src/codec/bytes.ts'
import { WireReader } from '../../../src/codec/raft-frame/wire-reader.ts'
import { WireWriter } from '../../../src/codec/raft-frame/wire-writer.ts'
import { reject } from '../../../src/model/rejection.ts'
import type { Verdict } from '../../../src/model/replicated.ts'
import { ok } from '../../../src/model/result.ts'
import type { Sha256 } from '../../../src/ports/crypto.ts'
import type { StateMachine } from '../../../src/ports/state-machine.ts'
import { KEY_BYTES } from './put-store.ts'

/** Values by the text of their keys, and a hash over all puts in order. */
interface Registers {
  readonly values: Map<string, Uint8Array>
  chain: Uint8Array
}

interface RegisterWrite {
  readonly key: string
  readonly value: Uint8Array
  readonly command: Uint8Array
}

const TAKEN: Verdict = { kind: 'applied', result: new Uint8Array(0) }
const THERE: Verdict = { kind: 'rejected', code: 'CONFLICT', message: '' }
const HASH_BYTES = 32
const VALUE_BYTES_MAX = 1_048_576

/** Put-if-absent: a command is a key of 16 bytes and a value. The newest `keep` values are kept. */
export function registerMachine(
  sha256: Sha256,
  keep = Number.POSITIVE_INFINITY,
): StateMachine<Registers, RegisterWrite> {
  return {
    empty: () => ({ values: new Map(), chain: new Uint8Array(HASH_BYTES) }),
    step(view, command) {
      const key = byteText(command.subarray(0, KEY_BYTES))
      if (view.values.has(key)) return { writes: [], verdict: THERE, effects: [] }
      return { writes: [{ key, value: command.subarray(KEY_BYTES), command }], verdict: TAKEN, effects: [] }
    },
    effect: () => ({ writes: [], verdict: TAKEN, effects: [] }),
    answered: () => ({ writes: [], verdict: TAKEN, effects: [] }),
    write(state, writes) {
      for (const { key, value, command } of writes) {
        state.values.set(key, value)
        const [oldest] = state.values.size > keep ? state.values.keys() : []
        if (oldest !== undefined) state.values.delete(oldest)
        state.chain = sha256(concatBytes(state.chain, command))
      }
    },
    hash: (state) => state.chain,
    encode({ values, chain }) {
      const out = new WireWriter()
      out.raw(chain)
      out.list([...values], ([key, value]) => {
        out.text(key)
        out.bytes(value)
      })
      return out.finish()
    },
    decode(_group, bytes) {
      const from = new WireReader(bytes)
      const chain = from.raw(HASH_BYTES).slice()
      const values = from.list(8, () => [from.text(64), from.bytes(VALUE_BYTES_MAX).slice()] as const)
      return from.done ? ok({ chain, values: new Map(values) }) : reject('MALFORMED', 'not registers')
    },
  }
}
