import type { CID } from '../codec/cid.ts'
import type { ReadBody } from '../codec/envelope/read-body.ts'
import type { Deed } from '../core/agent/by-hand.ts'
import type { Did, ThreadId } from '../model/ids.ts'
import type { NetworkClass } from '../model/parameters.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'
import type { Clock } from '../ports/clock.ts'
import type { ContentStore } from '../ports/content-store.ts'
import type { Sha256 } from '../ports/crypto.ts'
import type { Job } from '../ports/job.ts'
import type { LedgerLog } from '../ports/ledger-log.ts'
import type { Mesh } from '../ports/mesh.ts'
import type { Random } from '../ports/random.ts'
import type { RunOutcome } from '../ports/runner.ts'
import type { Author } from '../services/author/author.ts'
import type { PostedNeeds } from '../services/author/posted-needs.ts'
import type { Heart } from '../services/heart/heart.ts'
import type { ShowFilter, ShownLine } from '../services/journal/show-journal.ts'
import type { JournalVerdict } from '../services/journal/verify-journal.ts'
import type { HeartView } from '../services/roles/heart-view.ts'
import type { ThreadBook } from '../services/threads/thread-book.ts'

/** The agreed state, and what a node that hosts groups knows beside it. */
export type NodeHeart = HeartView & Pick<Heart, 'leads' | 'leaderOf' | 'onHubVerdict' | 'acts'>

/** What the node is, fixed while it runs. */
export interface NodeIdentity {
  readonly did: Did
  /** CID of the genesis. */
  readonly net: CID
  /** Name of the network, for people. */
  readonly label: string
  readonly class: NetworkClass
  /** Of the program: `canswarm version`. */
  readonly version: string
  readonly home: string
  readonly pid: number
  /** Wall clock, milliseconds since 1970. */
  readonly startedAtMs: number
  /** It is a voter of the genesis. */
  readonly votes: boolean
  /** Buckets of the network: integers from 0 to this, without it. */
  readonly buckets: number
}

/** `failing`: it does not do its work; `degraded`: it does, but something is wrong; `off`: not configured. */
export type HealthState = 'ok' | 'degraded' | 'failing' | 'off'

/** How one part of the node is: ledger, pools, raft, store, mesh, journal, content, api. */
export interface SubsystemHealth {
  readonly name: string
  readonly state: HealthState
  /** For people; when not `ok`, what is wrong. */
  readonly detail: string
  /** What to do about it; absent where nothing is wrong. */
  readonly todo?: string
  /** Figures by stable names. */
  readonly figures: Readonly<Record<string, number | string | boolean>>
}

/** One setting as it is in force. */
export interface ShownSetting {
  readonly key: string
  readonly value: unknown
  readonly origin: 'flag' | 'variable' | 'file' | 'default'
}

/** How an agent does its work. */
export type AgentWay =
  | { readonly kind: 'exec'; readonly command: readonly string[]; readonly isUnsafe: boolean }
  /** CID of the module, which the content store holds. */
  | { readonly kind: 'wasm'; readonly module: CID }
  /** Asks others for the parts that `split` names, and makes the result of theirs with `join`. */
  | {
      readonly kind: 'parts'
      readonly split: readonly string[]
      readonly join: readonly string[]
      readonly isUnsafe: boolean
    }
  /** Somebody drives it, by the verbs of a worker and of a verifier (`NodeAccount.act`). */
  | { readonly kind: 'hand' }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'mcp'; readonly command: readonly string[] }

/** A capability that is attached to this node. Amounts are micro-credits. */
export interface AgentSpec {
  /** Unique in the node: lower-case letters, digits and hyphens. */
  readonly name: string
  readonly capability: string
  readonly way: AgentWay
  /** What a bid asks for. */
  readonly priceMicro: bigint
  /** Tasks at once. */
  readonly parallelMax: number
  /** It does work; it judges the work of others (as a verifier that has registered); it looks for wrong results and challenges them. */
  readonly works: boolean
  readonly judges: boolean
  readonly challenges: boolean
}

/** An attached agent and what it does. */
export interface AttachedAgent extends AgentSpec {
  /** `joining`: the registry does not name it yet, so it gets no work. */
  readonly state: 'joining' | 'ready' | 'busy' | 'failing'
  readonly running: number
  readonly done: number
  readonly failed: number
  /** Of the last failure, for people. */
  readonly lastError?: string
}

/** Something that an agent did or said. */
export interface AgentLogLine {
  readonly agent: string
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number
  /** Text of the need's id; absent where it is about the agent itself. */
  readonly need?: string
  readonly text: string
}

/** Agents of this node; kept across restarts. */
export interface AgentRegistry {
  list(): readonly AttachedAgent[]
  /**
   * Attaches an agent; resolves when it is on disk and can be given work. Faults `agent-unfit` where it cannot be run here, and says
   * what is missing; undefined where one of that name is attached already.
   */
  add(spec: AgentSpec): Promise<AttachedAgent | undefined>
  /** Its tasks are given up (YIELD). False where there is none. */
  remove(name: string): Promise<boolean>
  /** The last lines, oldest first; of one agent or of all. At most 1,000. */
  logs(name: string | undefined, last: number): readonly AgentLogLine[]
  /** A line was added. */
  onLog(listener: (line: AgentLogLine) => void): () => void
  /** Runs a job as the agent would. */
  run?(name: string, job: Job, signal?: AbortSignal): Promise<RunOutcome>
}

/** One line of the node's own log, as pino writes it. */
export interface LogLine {
  /** Wall clock, milliseconds since 1970. */
  readonly time: number
  /** pino's numbers: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** The last lines of the node's log, held in memory. */
export interface LogTail {
  /** Oldest first. */
  recent(last: number): readonly LogLine[]
  onLine(listener: (line: LogLine) => void): () => void
}

/** What was exported of a thread. */
export interface ThreadExport {
  /** Of the file; it is read once, then `dispose` removes what it needed. */
  readonly pieces: AsyncIterable<Uint8Array>
  readonly bytes: number
  readonly isFinished: boolean
  readonly needs: number
  readonly items: number
  /** CIDs of content that is named and not here. */
  readonly missing: readonly string[]
  dispose(): Promise<void>
}

export interface ThreadExportRequest {
  readonly thread: ThreadId
  readonly form: 'car' | 'jsonl'
  readonly content: 'inline' | 'linked'
}

/** Threads' records out of this node's logs. */
export interface RecordReader {
  /** Undefined where the logs know nothing of the thread. Faults `store-io`, `store-damaged`. */
  exportThread(request: ThreadExportRequest): Promise<ThreadExport | undefined>
}

/** The node's own diary. */
export interface JournalReader {
  show(filter: ShowFilter): AsyncIterable<ShownLine>
  verify(): Promise<JournalVerdict>
}

/** A consistent copy of the home of a running node. */
export interface BackupMaker {
  /**
   * Writes a copy, as all is now, into a directory that is not there yet, or empty; nothing of it is left where the signal aborts.
   * Gives its files. Faults `store-io`, `store-full`, and `home-exists` for a directory that holds something.
   */
  backup(directory: string, signal?: AbortSignal): Promise<{ readonly files: number; readonly bytes: number }>
}

/** An account that the node speaks for. */
export interface NodeAccount {
  /** Name of its key. */
  readonly name: string
  readonly author: Pick<Author, 'did' | 'say' | 'need' | 'account' | 'saw'>
  /** As `Roles.act`. */
  readonly act: (need: string, deed: Deed) => Promise<Result<ReadBody, Rejection>>
  /** What of the attached agents' work is this account's. */
  readonly works: boolean
  readonly judges: boolean
}

/** Puts together what the handlers of the local API use; `src/node/daemon` makes it. Handlers name the parts that they need. */
export interface NodeServices {
  readonly identity: NodeIdentity
  readonly heart: NodeHeart
  readonly mesh: Mesh
  /** Speaks for the node's own account. */
  readonly author: Pick<Author, 'did' | 'say' | 'need' | 'account' | 'saw'>
  /** What its accounts asked for, and the hub has not taken. */
  readonly posted: Pick<PostedNeeds, 'of' | 'waiting' | 'onRefused'>
  /** What was said in threads beside entries: changes of plans. */
  readonly threads: Pick<ThreadBook, 'envelopes'>
  /** All accounts that the node speaks for, its own first. */
  readonly accounts: readonly NodeAccount[]
  readonly content: ContentStore
  readonly agents: AgentRegistry
  readonly journal: JournalReader
  readonly record: RecordReader
  readonly ledger: Pick<LedgerLog, 'backwards'>
  readonly logs: LogTail
  readonly backups: BackupMaker
  readonly settings: readonly ShownSetting[]
  readonly sha256: Sha256
  readonly random: Random
  readonly clock: Clock
  /** Of each part, now. Cheap: may be asked every second. */
  health(): readonly SubsystemHealth[]
  /** Asks the node to stop; returns at once, and the API is stopped first. A second call does nothing. */
  stop(why: string): void
}
