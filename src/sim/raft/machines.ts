import { WireReader } from '../../codec/raft-frame/wire-reader.ts'
import { WireWriter } from '../../codec/raft-frame/wire-writer.ts'
import { assertGroupId, type GroupId } from '../../model/raft.ts'
import { reject } from '../../model/rejection.ts'
import type { Verdict } from '../../model/replicated.ts'
import { ok } from '../../model/result.ts'
import type { MachineStep, StateMachine } from '../../ports/state-machine.ts'

/** Registers that can be set once, a counter, and what effects of other groups did: enough to check a host by. */
export interface Board {
  readonly cells: Map<string, string>
  count: number
  /** Effects that arrived, as `source:body`, in order, and the answers to our own. */
  readonly arrived: string[]
  readonly answers: string[]
}

/** One change of a board. */
export type BoardWrite =
  | { readonly kind: 'put'; readonly cell: string; readonly value: string }
  | { readonly kind: 'add'; readonly amount: number }
  | { readonly kind: 'arrived'; readonly text: string }
  | { readonly kind: 'answered'; readonly text: string }

const TEXT_BYTES_MAX = 1_048_576

/** What a board is told. `put` takes an empty cell alone; `tell` sends an effect; `throw` is a defect. */
export type BoardCommand =
  | { readonly kind: 'put'; readonly cell: string; readonly value: string }
  | { readonly kind: 'add'; readonly amount: number }
  | { readonly kind: 'tell'; readonly target: GroupId; readonly text: string }
  | { readonly kind: 'throw' }

export function encodeBoardCommand(command: BoardCommand): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(command))
}

/** The machine of simulation and tests. Every command that it cannot read is rejected MALFORMED. */
export const boardMachine: StateMachine<Board, BoardWrite> = {
  empty: () => ({ cells: new Map(), count: 0, arrived: [], answers: [] }),
  step(view, command) {
    const read = readCommand(command)
    if (read === undefined) return rejected('MALFORMED', 'not a command')
    switch (read.kind) {
      case 'put': {
        const there = view.cells.get(read.cell)
        if (there !== undefined) return rejected('CONFLICT', there)
        return applied([{ kind: 'put', cell: read.cell, value: read.value }], '')
      }
      case 'add':
        return applied([{ kind: 'add', amount: read.amount }], String(view.count + read.amount))
      case 'tell':
        return {
          ...applied([], read.text),
          effects: [{ target: assertGroupId(read.target), body: new TextEncoder().encode(read.text) }],
        }
      case 'throw':
        throw new Error('a defect of the machine')
      default:
        return read satisfies never
    }
  },
  effect(view, body, { source }) {
    const text = `${source}:${new TextDecoder().decode(body)}`
    return applied([{ kind: 'arrived', text }], String(view.arrived.length + 1))
  },
  answered(_view, { source, number, verdict }) {
    const text = verdict.kind === 'applied' ? new TextDecoder().decode(verdict.result) : verdict.code
    return applied([{ kind: 'answered', text: `${source}:${number}:${text}` }], '')
  },
  write(state, writes) {
    for (const write of writes) writeBoard(state, write)
  },
  hash: (state, sha256) => sha256(encodeBoard(state)),
  encode: encodeBoard,
  decode(_group, bytes) {
    const from = new WireReader(bytes)
    const texts = (): string[] => from.list(4, () => from.text(TEXT_BYTES_MAX))
    const count = from.number()
    const cells = from.list(8, () => [from.text(TEXT_BYTES_MAX), from.text(TEXT_BYTES_MAX)] as const)
    const [arrived, answers] = [texts(), texts()]
    return from.done
      ? ok({ cells: new Map(cells), count, arrived, answers })
      : reject('MALFORMED', 'not a board')
  },
}

function encodeBoard({ cells, count, arrived, answers }: Board): Uint8Array {
  const out = new WireWriter()
  out.number(count)
  out.list([...cells], ([cell, value]) => {
    out.text(cell)
    out.text(value)
  })
  for (const texts of [arrived, answers]) out.list(texts, (text) => out.text(text))
  return out.finish()
}

function writeBoard(state: Board, write: BoardWrite): void {
  switch (write.kind) {
    case 'put':
      state.cells.set(write.cell, write.value)
      return
    case 'add':
      state.count += write.amount
      return
    case 'arrived':
      state.arrived.push(write.text)
      return
    case 'answered':
      state.answers.push(write.text)
      return
    default:
      return write satisfies never
  }
}

function readCommand(bytes: Uint8Array): BoardCommand | undefined {
  try {
    const read: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof read === 'object' && read !== null && 'kind' in read ? (read as BoardCommand) : undefined
  } catch {
    return undefined // not JSON: said by undefined
  }
}

function applied(writes: readonly BoardWrite[], text: string): MachineStep<BoardWrite> {
  return { writes, verdict: { kind: 'applied', result: new TextEncoder().encode(text) }, effects: [] }
}

function rejected(code: 'MALFORMED' | 'CONFLICT', message: string): MachineStep<BoardWrite> {
  const verdict: Verdict = { kind: 'rejected', code, message }
  return { writes: [], verdict, effects: [] }
}
