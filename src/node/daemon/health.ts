import { HUB } from '../../codec/entry/item.ts'
import { isConserved } from '../../core/ledger/conservation.ts'
import { ALL, NO_SUPPLY } from '../../core/ledger/tables.ts'
import { counted } from '../../model/counted.ts'
import { bucketGroups } from '../../services/heart/group-access.ts'
import type { SubsystemHealth } from '../../verbs/services.ts'
import type { RunningParts } from './node-parts.ts'

/** A hub that makes no slot for so many slot intervals has no quorum, or no leader. */
const QUIET_SLOTS = 20
const MIB = 1_048_576
/** Below so much free space an operator is told: the raft host refuses proposals soon. */
const LOW_BYTES = 256 * MIB

/** How each part of a node is: cheap, asked every second. Source: operations.md, "Observability". */
export function healthOf(parts: RunningParts, nowMs: number): readonly SubsystemHealth[] {
  return [ledger(parts), pools(parts), raft(parts, nowMs), store(parts), mesh(parts), content(parts)]
}

function ledger({ heart }: RunningParts): SubsystemHealth {
  const hub = heart.heart.hub()
  const supply = hub.get('supply', ALL) ?? NO_SUPPLY
  const isSound = isConserved(supply)
  const accounts = hub.keys('accounts').length
  return {
    name: 'ledger',
    state: isSound ? 'ok' : 'failing',
    detail: isSound ? `${counted(accounts, 'account')}, credits in = credits out` : 'credits do not add up',
    ...(isSound ? {} : { todo: 'stop the node and keep its home: this is a defect' }),
    figures: { accounts, is_conserved: isSound },
  }
}

function pools({ heart }: RunningParts): SubsystemHealth {
  const network = heart.heart.hub().get('network', ALL)
  const active = network?.active ?? 0
  const isBootstrap = network?.isBootstrap ?? true
  return {
    name: 'pools',
    state: active > 0 ? 'ok' : 'degraded',
    detail: `${counted(active, 'active verifier')}${isBootstrap ? ', bootstrap mode: one verdict decides' : ''}`,
    ...(active > 0 ? {} : { todo: 'attach an agent that judges: canswarm agent add NAME ... --judges' }),
    figures: { active_verifiers: active, is_bootstrap: isBootstrap },
  }
}

function raft({ heart, groups, buckets }: RunningParts, nowMs: number): SubsystemHealth {
  const slot = heart.heart.slot()
  const slotMs = heart.heart.hub().get('settings', ALL)?.parameters.slotMs ?? 1_000
  const isQuiet = nowMs - slot.timeMs > QUIET_SLOTS * slotMs
  if (groups.raft === undefined) return follower(slot.n, isQuiet, buckets)
  const { host } = groups.raft
  const leads = host.leads().length
  const halted = bucketGroups(buckets).filter((group) => host.group(group)?.condition === 'halted').length
  const state = halted > 0 ? 'failing' : isQuiet ? 'degraded' : 'ok'
  const leader = heart.heart.leaderOf(HUB)
  return {
    name: 'raft',
    state,
    detail: `slot ${slot.n}, leads ${leads} of ${buckets + 1} groups${leader === undefined ? ', the hub has no leader' : ''}`,
    ...(state === 'ok' ? {} : { todo: raftTodo(halted, groups.raft.store.room().freeBytes) }),
    figures: { slot: slot.n, leads, groups: buckets + 1, halted, hub_leader: leader ?? '' },
  }
}

function raftTodo(halted: number, freeBytes: number): string {
  if (halted > 0) return 'see the log: a group stopped'
  return freeBytes < LOW_BYTES
    ? 'free some space on the disk: a voter with little room takes nothing new'
    : 'start more voters: a majority is needed'
}

/** A node that is no voter: it decides nothing, and is as far as what was certified came to it. */
function follower(slot: number, isQuiet: boolean, buckets: number): SubsystemHealth {
  return {
    name: 'raft',
    state: isQuiet ? 'degraded' : 'ok',
    detail: `slot ${slot}, follows what the voters of ${buckets + 1} groups certify`,
    ...(isQuiet ? { todo: 'nothing new comes: see that voters can be reached: canswarm peers' } : {}),
    figures: { slot, leads: 0, groups: buckets + 1, halted: 0 },
  }
}

function store({ groups }: RunningParts): SubsystemHealth {
  if (groups.raft === undefined)
    return { name: 'store', state: 'off', detail: 'no voter: no raft store', figures: {} }
  const { freeBytes } = groups.raft.store.room()
  const isLow = freeBytes < LOW_BYTES
  return {
    name: 'store',
    state: isLow ? 'degraded' : 'ok',
    detail: `${Math.round(freeBytes / MIB)} MiB free`,
    ...(isLow ? { todo: 'free some space on the disk of the home directory' } : {}),
    figures: { free_bytes: freeBytes },
  }
}

function mesh({ mesh: network, genesis }: RunningParts): SubsystemHealth {
  const peers = network.peers()
  const voters = genesis.genesis.voters.filter((did) => did !== network.self)
  const there = voters.filter((did) => network.isConnected(did)).length
  const state = there === voters.length ? 'ok' : 'degraded'
  return {
    name: 'mesh',
    state,
    detail: `${counted(peers.length, 'peer')}, ${there} of ${counted(voters.length, 'other voter')}`,
    ...(state === 'ok' ? {} : { todo: 'see that the other nodes run and can be reached: canswarm peers' }),
    figures: { peers: peers.length, voters_connected: there, voters: voters.length },
  }
}

function content({ content: { store: kept } }: RunningParts): SubsystemHealth {
  const { bytes, contents, quotaBytes } = kept.usage()
  const isFull = bytes > quotaBytes * 0.9
  return {
    name: 'content',
    state: isFull ? 'degraded' : 'ok',
    detail: `${counted(contents, 'content')}, ${Math.round(bytes / MIB)} of ${Math.round(quotaBytes / MIB)} MiB`,
    ...(isFull ? { todo: 'canswarm cas gc' } : {}),
    figures: { bytes, contents, quota_bytes: quotaBytes },
  }
}
