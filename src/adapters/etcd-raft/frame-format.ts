import type { RefusalReason } from '../../ports/consensus-engine.ts'

/** Frames between host and module; the layout is in docs/engine.md, "Frames". */
export const FRAME_VERSION = 1
export const HEADER_BYTES = 8

/** Numbers of the operations, as shim/engine.go counts them. */
export const OPERATION = {
  open: 1,
  close: 2,
  tick: 3,
  step: 4,
  propose: 5,
  proposeChange: 6,
  judgeChange: 7,
  transfer: 8,
  readIndex: 9,
  unreachable: 10,
  snapshotSent: 11,
  campaign: 12,
  forgetLeader: 13,
  ready: 14,
  advance: 15,
  supply: 16,
  offer: 17,
  compact: 18,
  status: 19,
  memory: 20,
} as const

export type Operation = (typeof OPERATION)[keyof typeof OPERATION]

/** Status of an answer as a whole. */
export const FRAME_DONE = 0

/** Reasons that the port does not name: the host broke the engine's contract, which is a defect. */
const DEFECTS = ['done', 'exists', 'not-ready', 'conf-unhandled', 'beyond-applied'] as const

export type Reason = RefusalReason | (typeof DEFECTS)[number]

export function isRefusal(reason: Reason): reason is RefusalReason {
  return !DEFECTS.some((defect) => defect === reason)
}

/** Reasons by number, as shim/outcome.go counts them; 0 is done. */
export const REASONS: readonly Reason[] = [
  'done',
  'malformed',
  'unknown-group',
  'failed',
  'exists',
  'bad-settings',
  'bad-state',
  'not-allowed',
  'head-mismatch',
  'wrong-recipient',
  'unknown-peer',
  'too-large',
  'busy',
  'not-ready',
  'conf-unhandled',
  'not-leader',
  'no-leader',
  'transferring',
  'not-member',
  'uncommitted-full',
  'conf-pending',
  'conf-joint',
  'conf-not-joint',
  'conf-invalid',
  'beyond-applied',
  'compacted',
  'not-in-log',
]

/** Kinds of items in the answer to `ready`. */
export const READY_ITEM = { ready: 0, wants: 1, failed: 2 } as const

/** Bits of a ready. */
export const READY_FLAG = { hardState: 1, mustSync: 2, softState: 4, snapshot: 8 } as const

/** Lists in the order of etcd-raft's own numbers. */
export const ROLES = ['follower', 'candidate', 'leader', 'pre-candidate'] as const
export const TRANSITIONS = ['auto', 'joint-implicit', 'joint-explicit'] as const
export const PART_KINDS = ['add-voter', 'remove', 'update', 'add-learner'] as const
export const PROGRESS_STATES = ['probe', 'replicate', 'snapshot'] as const
export const LOG_LEVELS = ['nothing', 'errors', 'warnings', 'info', 'debug'] as const
