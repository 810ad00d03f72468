import type { GroupId } from '../../model/raft.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import { recordCertificate, release } from '../certificate/sealed-log.ts'
import { rememberedFrom } from './outcomes.ts'
import type { Inbox, Outbox, Replica } from './replica.ts'
import type { ReplicaWrite } from './step.ts'

/** Puts a step's writes into the replica: with `countItem`, all that changes one. */
export function writeReplica(machine: StateMachine, replica: Replica, writes: readonly ReplicaWrite[]): void {
  for (const write of writes) writeOne(machine, replica, write)
}

/** An item was applied: it has a position, and what was remembered too long is forgotten. */
export function countItem(replica: Replica): void {
  replica.position++
  replica.settled.forgetBelow(rememberedFrom(replica.position))
}

function writeOne(machine: StateMachine, replica: Replica, write: ReplicaWrite): void {
  switch (write.kind) {
    case 'machine':
      return machine.write(replica.state, write.writes)
    case 'settle':
      replica.settled.set(write.key, write.settled)
      return
    case 'forget':
      return replica.settled.forgetBelow(Math.min(write.below, replica.position))
    case 'send':
      for (const { target, body } of write.effects) outboxOf(replica, target).waiting.push(body)
      return
    case 'receive': {
      const inbox = inboxOf(replica, write.source)
      inbox.received++
      inbox.answers.push(write.verdict)
      return
    }
    case 'drop-answers': {
      const inbox = inboxOf(replica, write.source)
      const over = Math.min(inbox.answers.length, Math.max(0, write.upTo - inbox.first + 1))
      inbox.answers.splice(0, over)
      for (const end = inbox.first + over; inbox.first < end; inbox.first++) {
        done(replica, 'answer', write.source, inbox.first)
      }
      return
    }
    case 'answered': {
      const outbox = outboxOf(replica, write.target)
      outbox.answered++
      outbox.waiting.shift()
      done(replica, 'effect', write.target, outbox.answered)
      return
    }
    case 'learn':
      replica.sealed?.sources.set(write.source, write.chain)
      return
    case 'record':
      if (replica.sealed !== undefined) recordCertificate(replica.sealed, write.certificate)
      return
    default:
      return write satisfies never
  }
}

/** It need not be proved to anybody any more. */
function done({ sealed }: Replica, kind: 'effect' | 'answer', group: GroupId, number: number): void {
  if (sealed !== undefined) release(sealed, `${kind} ${group} ${number}`)
}

function outboxOf(replica: Replica, target: GroupId): Outbox {
  const known = replica.outboxes.get(target)
  if (known !== undefined) return known
  const outbox: Outbox = { answered: 0, waiting: [] }
  replica.outboxes.set(target, outbox)
  return outbox
}

function inboxOf(replica: Replica, source: GroupId): Inbox {
  const known = replica.inboxes.get(source)
  if (known !== undefined) return known
  const inbox: Inbox = { received: 0, first: 1, answers: [] }
  replica.inboxes.set(source, inbox)
  return inbox
}
