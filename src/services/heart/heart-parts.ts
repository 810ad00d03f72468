import type { HubCommand } from '../../codec/entry/hub-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import type { VoterMessage } from '../../codec/voter-message/voter-message.ts'
import { sightingsOf } from '../../core/proposer/pool.ts'
import { stepHub } from '../../core/system/step-hub.ts'
import type { Did } from '../../model/ids.ts'
import type { HeldSlot } from '../roles/heart-view.ts'
import { ActDriver } from './act-driver.ts'
import { Digest } from './digest.ts'
import type { GroupAccess } from './group-access.ts'
import { Hearing } from './hearing.ts'
import type { HeartDeps } from './heart-deps.ts'
import { HubDriver } from './hub-driver.ts'
import { LeaderWatch } from './leader-watch.ts'
import type { Listeners } from './listeners.ts'
import { NeedDriver } from './need-driver.ts'
import type { NeedIndex } from './need-index.ts'
import type { NeedPools } from './need-pools.ts'
import type { OwnBatches } from './own-batches.ts'
import { SlotDriver } from './slot-driver.ts'
import { Testimony } from './testimony.ts'
import type { VoterMail } from './voter-mail.ts'
import { Witness } from './witness.ts'

/** What a heart has itself, for its parts. */
export interface HeartInside {
  readonly groups: GroupAccess
  readonly mail: VoterMail
  readonly index: NeedIndex
  readonly pools: NeedPools
  readonly own: OwnBatches
  readonly listeners: Listeners
  readonly slot: () => HeldSlot
  readonly lastSlot: () => number
  /** Something may be proposed for that need. */
  readonly touch: (need: string) => void
  readonly isOver: () => boolean
}

/** What a heart is made of once there is a host. */
export interface HeartParts {
  readonly groups: GroupAccess
  readonly mail: VoterMail
  readonly slots: SlotDriver
  readonly needs: NeedDriver
  readonly hub: HubDriver
  readonly acts: ActDriver
  readonly hearing: Hearing
  readonly digest: Digest
  readonly watch: LeaderWatch
  /** Once in a while: what leaders leave out is proposed by this node, or they are deposed. */
  readonly oversee: () => void
}

/** Stands for an item that is only asked about: nothing that it would write is kept. */
const UNSAID = new Uint8Array(0)

/** The drivers, and those who hear and answer, each with what it needs of the others. */
export function assembleParts(deps: HeartDeps, inside: HeartInside): HeartParts {
  const {
    key,
    crypto,
    clock,
    world,
    genesis: { net },
  } = deps
  const { groups, mail, index, pools, own, listeners, slot, touch, isOver } = inside
  const testimony = new Testimony(groups.voters.length, clock)
  const tell = (to: Did, message: VoterMessage): void => mail.one(to, message)
  const witness = new Witness({
    key,
    net,
    crypto,
    groups,
    pools,
    bucketOf: (need) => index.bucketOf(need),
    slot: inside.lastSlot,
    fetch: deps.fetch,
    tell,
  })
  const watch = new LeaderWatch(groups, groups.oversight, deps.trace)
  const slots = new SlotDriver({
    key,
    net,
    crypto,
    clock,
    groups,
    send: (to, reading, link) =>
      tell(to, link === undefined ? { kind: 'reading', reading } : { kind: 'reading', reading, link }),
  })
  const needs = new NeedDriver({
    self: key.did,
    world,
    groups,
    pools,
    testimony,
    watch,
    slot: inside.lastSlot,
    trace: deps.trace,
    askSeen: (need, head, at, pool) => {
      for (const voter of groups.voters)
        tell(voter, { kind: 'ask-seen', need, head, slot: at, known: sightingsOf(pool).map(([id]) => id) })
    },
    askHave: (need, cid) => {
      for (const voter of groups.voters) tell(voter, { kind: 'ask-have', need, cid })
    },
  })
  const hub = new HubDriver(groups)
  const accepts = (command: HubCommand): boolean =>
    stepHub(groups.hub(), command, UNSAID, groups.at(HUB), world).verdict.kind === 'applied'
  const tellAll = (message: VoterMessage): void => mail.all(message)
  const acts = new ActDriver({ key, net, crypto, clock, world, groups, votes: deps.votes, tellAll, tell })
  const hearing = new Hearing({
    sha256: crypto.sha256,
    world,
    voters: groups.voters,
    pools,
    testimony,
    witness,
    slots,
    hub,
    acts,
    slot,
    placeOf: (need) => index.placeOf(need),
    touch,
    judge: deps.judge,
    onThreadOnly: deps.onThreadOnly,
    passOn: (from, batch, to) => mail.passOn(from, batch, to),
    blame: deps.blame,
    onFault: (error) => void (isOver() || deps.onFault(error)),
  })
  const digest = new Digest({
    ...deps,
    index,
    pools,
    own,
    listeners,
    groups,
    testimony,
    hub,
    timeMs: () => slot().timeMs,
  })
  const oversee = (): void => {
    slots.oversee(watch, accepts)
    hub.oversee(watch, inside.lastSlot(), accepts)
    acts.oversee(watch)
    needs.oversee(index.open())
    watch.endRound()
  }
  return { groups, mail, slots, needs, hub, acts, hearing, digest, watch, oversee }
}
