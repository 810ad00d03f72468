import type { HubCommand } from '../../codec/entry/hub-command.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { View } from '../records/view.ts'
import type { AppliedAt, SlotFacts, World } from '../records/world.ts'
import { applyAge } from './commands/age.ts'
import { applyChain } from './commands/chain.ts'
import { applyEnvelope } from './commands/envelope.ts'
import { applyEvidence } from './commands/evidence.ts'
import { applyGovern } from './commands/govern.ts'
import { applyLeaveBootstrap } from './commands/leave-bootstrap.ts'
import { applySlot } from './commands/slot.ts'
import { finish } from './finish.ts'
import type { HubTables } from './tables.ts'
import { type HubStep, Turn } from './turn.ts'

/**
 * Applies one command to the hub. Pure: reads the view alone, and gives back what to write. A command whose preconditions
 * fail is refused with a code, the same on every replica, and changes nothing. Time is that of the hub's last slot; a command that
 * names a later one is refused (WINDOW_CLOSED), and so is everything before the first. Source: architecture.md, "The one idea";
 * consensus.md, "Buckets" (A command whose preconditions fail …).
 */
export function stepHub(
  view: View<HubTables>,
  command: HubCommand,
  _item: Uint8Array,
  at: AppliedAt,
  world: World,
): HubStep {
  const turn = new Turn(view, `entry ${at.position}`, at, world)
  return finish(turn, apply(turn, command))
}

function apply(turn: Turn, command: HubCommand): Result<undefined, Rejection> {
  if (command.kind === 'slot') return applySlot(turn, command)
  if (command.kind === 'chain') return applyChain(turn, command)
  const { now } = turn
  if (now === undefined || command.slot > now.n) {
    return reject('WINDOW_CLOSED', `the last slot is ${now?.n ?? 0}`, 'slot')
  }
  return applyAt(turn, command, now)
}

function applyAt(
  turn: Turn,
  command: Exclude<HubCommand, { kind: 'slot' | 'chain' }>,
  now: SlotFacts,
): Result<undefined, Rejection> {
  switch (command.kind) {
    case 'envelope':
      return applyEnvelope(turn, command, now)
    case 'leave-bootstrap':
      return applyLeaveBootstrap(turn, command, now)
    case 'govern':
      return applyGovern(turn, command, now)
    case 'evidence':
      return applyEvidence(turn, command, now)
    case 'age':
      return applyAge(turn, command, now)
    default:
      return command satisfies never
  }
}
