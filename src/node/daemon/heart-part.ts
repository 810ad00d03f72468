import { openSecondOpinion } from '../../adapters/crypto/second-opinion.ts'
import { FrameFile } from '../../adapters/log-files/frame-file.ts'
import { LedgerFile } from '../../adapters/log-files/ledger-file.ts'
import { LogFiles } from '../../adapters/log-files/log-files.ts'
import { SlotFile } from '../../adapters/log-files/slot-file.ts'
import type { CID } from '../../codec/cid.ts'
import type { AcceptedKeys } from '../../codec/did/accepted-keys.ts'
import { VerifiedRoots } from '../../codec/envelope/verified-roots.ts'
import { encodeGenesis, type OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { remembering } from '../../codec/signed/remembered-signatures.ts'
import { VOTER_MESSAGE_BYTES_MAX } from '../../codec/voter-message/voter-message.ts'
import type { AuditRow } from '../../core/ledger/book.ts'
import { audited } from '../../core/machines/audited.ts'
import { machinesOf } from '../../core/machines/machines.ts'
import { makeWorld } from '../../core/records/make-world.ts'
import type { World } from '../../core/records/world.ts'
import type { Did } from '../../model/ids.ts'
import { reject } from '../../model/rejection.ts'
import { ok } from '../../model/result.ts'
import { TokenBucket } from '../../model/token-bucket.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { LedgerRow } from '../../ports/ledger-log.ts'
import type { Mesh } from '../../ports/mesh.ts'
import { Heart } from '../../services/heart/heart.ts'
import type { HeartDeps } from '../../services/heart/heart-deps.ts'
import { LogGaps } from '../../services/heart/log-gaps.ts'
import { LogKeeper } from '../../services/heart/log-keeper.ts'
import { rememberingOpened } from '../../services/heart/opened-envelopes.ts'
import { BatchRates } from '../../services/intake/batch-rates.ts'
import { judgeBatch } from '../../services/intake/judge-batch.ts'
import { secondOpinionBudget } from '../../services/intake/second-opinion-budget.ts'
import { LogFetch } from '../../services/log-fetch/log-fetch.ts'
import { LogTrees } from '../../services/log-fetch/log-trees.ts'
import { PageTurns } from '../../services/log-fetch/page-turns.ts'
import { type KnownCertificates, serveLogs } from '../../services/log-fetch/serve-logs.ts'
import { homePaths } from '../home.ts'
import { offline } from '../offline.ts'
import type { PolicyPart } from './policy-part.ts'
import { bucketsOf, raftIds } from './raft-part.ts'

export interface HeartPartOptions {
  readonly home: string
  readonly genesis: OpenedGenesis
  readonly key: KeyPair
  readonly keys: AcceptedKeys
  readonly mesh: Mesh
  readonly policy: Pick<PolicyPart, 'judge' | 'ingress' | 'bundle'>
  readonly fetch: (need: string, cid: CID) => Promise<void>
  readonly release: (need: string) => void
  readonly trace: (text: string) => void
  readonly onFault: (error: unknown) => void
}

/** Who tells others than voters what this node says, and keeps what concerns threads alone. */
export type Spread = Pick<HeartDeps, 'spread' | 'onThreadOnly'>

export interface HeartPart {
  readonly heart: Heart
  readonly world: World
  readonly archive: LogFiles
  readonly ledger: LedgerFile
  /** Fetches what the logs lack after a snapshot. */
  readonly gaps: LogGaps
  /** What a batch that a peer handed over is worth, the policy at INGRESS included. */
  readonly judge: HeartDeps['judge']
  /** Once, before anything is said. */
  spreadTo(spread: Spread): void
  /** What is kept of the logs. */
  readonly keeper: Pick<LogKeeper, 'leaves' | 'newest'>
  /**
   * Begins to hear voters, and shows its logs to whoever asks; after the host was opened. `onAsked`: for the newest certificate
   * of a machine.
   */
  listen(links: KnownCertificates['links'], onAsked?: (machine: number) => void): void
  stop(): Promise<void>
}

const VOTER_LIMITS = {
  bodyBytesMax: VOTER_MESSAGE_BYTES_MAX,
  perSecondMax: 20_000,
  bytesPerSecondMax: 67_108_864,
}
/** Of others than voters, who send batches alone. */
const OTHER_LIMITS = { ...VOTER_LIMITS, perSecondMax: 4_000, bytesPerSecondMax: 16_777_216 }
/** Of acts that nobody has counted, or counts any more, the latest. */
const VOTES_BYTES_MAX = 1_048_576
/** Results of INGRESS that are journalled of senders without an account, whose keys cost nothing: each second, and at once. */
const STRANGER_LINES_PER_SECOND = 10
const STRANGER_LINES_BURST = 1_000
/** A peer whose message no honest node sends: ten of them are a ban. */
const BLAME_POINTS = 10

/** Opens what the machines of a node need beside the raft host: their world, their logs, and the way to the voters. */
export function openHeartPart(options: HeartPartOptions): HeartPart {
  const { home, genesis, key, keys, mesh, policy } = options
  const { judge } = policy
  const { crypto, clock } = offline
  const { net } = genesis
  const paths = homePaths(home)
  const archive = LogFiles.create(paths.record, encodeGenesis(genesis.genesis), crypto.sha256)
  if (policy.bundle !== undefined) archive.addCapsule(policy.bundle)
  const slots = new SlotFile(paths.slots)
  const ledger = new LedgerFile(paths.ledger)
  const votes = FrameFile.open(paths.votes, VOTES_BYTES_MAX)
  const secondOpinion = openSecondOpinion({ spend: secondOpinionBudget(clock) })
  const verify = remembering(crypto.verify, crypto.sha256)
  const verifiedRoots = new VerifiedRoots()
  const liars = genesis.genesis.f
  const rules = { net, generation: 0, liars, sha256: crypto.sha256, verify, keys, judge }
  const world = rememberingOpened(makeWorld({ ...rules, verifiedRoots }))
  const protocol = `/canswarm/${net.toString()}/command/1`
  const trees = new LogTrees({ archive, sha256: crypto.sha256, later: setImmediate })
  const voters = new Set(genesis.genesis.voters)
  const rates = new BatchRates(clock, (peer) => voters.has(peer))
  const strangerLines = new TokenBucket(STRANGER_LINES_PER_SECOND, STRANGER_LINES_BURST, clock.monotonicMs())
  const isJournalled = (sender: Did): boolean =>
    heart.hub().get('accounts', sender) !== undefined || strangerLines.take(1, clock.monotonicMs())
  const judgeOf: HeartDeps['judge'] = async (from, batch) => {
    if (!rates.take(from, batch.length)) return reject('RATE_LIMITED', 'more batches than a peer may send')
    const atMs = clock.nowMs()
    const context = { net, sha256: crypto.sha256, keys, verifiedRoots, delegationsOf: () => [], atMs }
    const judged = await judgeBatch(from, batch, context, { crypto, secondOpinion })
    return judged.ok ? ok(await policy.ingress(judged.value, isJournalled)) : judged
  }
  let spread: Spread | undefined
  const keeper = new LogKeeper(archive)
  const heart = new Heart({
    genesis,
    key,
    crypto,
    clock,
    world,
    machines: audited(machinesOf(genesis, world), (first, rows) =>
      ledger.note(rowsOf(first, rows, heart.slot())),
    ),
    slots,
    votes,
    archive,
    keeper,
    isWhole: () => gaps.isWhole,
    buckets: bucketsOf(genesis),
    didOf: raftIds(genesis).didOf,
    judge: judgeOf,
    spread: (batch, envelopes) => spread?.spread(batch, envelopes),
    onThreadOnly: (envelope) => spread?.onThreadOnly(envelope),
    isConnected: (peer) => mesh.isConnected(peer),
    send: (to, message) => void mesh.send(to, protocol, message),
    blame: (peer, why) => mesh.penalise(peer, BLAME_POINTS, why),
    onFault: options.onFault,
    fetch: options.fetch,
    release: options.release,
    trace: options.trace,
    later: setImmediate,
  })
  const gaps = new LogGaps({
    fetch: new LogFetch({ net: net.toString(), mesh, sha256: crypto.sha256, clock }),
    trees,
    clock,
    keeper,
    slots,
    flush: () => heart.beforeCheckpoint(),
    peers: genesis.genesis.voters.filter((voter) => voter !== key.did),
    leaderOf: (machine) => heart.leaderOf(machine),
    onWhole: (machine, from) => heart.takeUp(machine, from),
    onFault: options.onFault,
    trace: options.trace,
  })
  return {
    heart,
    ledger,
    world,
    archive,
    gaps,
    keeper,
    judge: judgeOf,
    spreadTo: (to) => {
      spread = to
    },
    listen(links, onAsked) {
      const limits = (peer: Did) => (voters.has(peer) ? VOTER_LIMITS : OTHER_LIMITS)
      mesh.handleMessages(protocol, limits, (from, body) => heart.hear(from, body))
      mesh.onPeer((peer, isConnected) => isConnected && heart.isBack(peer))
      const slot = (n: number) => slots.get(n)
      const newest = (machine: number) => {
        onAsked?.(machine)
        return keeper.newest(machine)
      }
      const certificates = { newest, links }
      const turns = new PageTurns({ mesh, clock })
      serveLogs({ net: net.toString(), mesh, trees, turns, certificates, later: setImmediate, slot })
    },
    async stop() {
      gaps.stop()
      heart.stop()
      await secondOpinion.close()
      archive.close()
      slots.close()
      ledger.close()
      votes.close()
    },
  }
}

function rowsOf(
  first: number,
  rows: readonly AuditRow[],
  { n: slot, timeMs: time }: { readonly n: number; readonly timeMs: number },
): readonly LedgerRow[] {
  return rows.map(({ id, operation, amount, from, to }, at) => ({
    n: first + at,
    slot,
    time,
    id,
    operation,
    amount: String(amount),
    from,
    to,
  }))
}
