import { openSecondOpinion } from '../../adapters/crypto/second-opinion.ts'
import { LogFiles } from '../../adapters/log-files/log-files.ts'
import { SlotFile } from '../../adapters/log-files/slot-file.ts'
import type { CID } from '../../codec/cid.ts'
import type { AcceptedKeys } from '../../codec/did/accepted-keys.ts'
import { VerifiedRoots } from '../../codec/envelope/verified-roots.ts'
import { encodeGenesis, type OpenedGenesis } from '../../codec/genesis/genesis.ts'
import type { CheckSignature } from '../../codec/signed/statement.ts'
import { VOTER_MESSAGE_BYTES_MAX } from '../../codec/voter-message/voter-message.ts'
import { machinesOf } from '../../core/machines/machines.ts'
import { makeWorld } from '../../core/records/make-world.ts'
import type { World } from '../../core/records/world.ts'
import { ok } from '../../model/result.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { Mesh } from '../../ports/mesh.ts'
import { Heart } from '../../services/heart/heart.ts'
import type { HeartDeps } from '../../services/heart/heart-deps.ts'
import { judgeBatch } from '../../services/intake/judge-batch.ts'
import { secondOpinionBudget } from '../../services/intake/second-opinion-budget.ts'
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
}

/** Who tells others than voters what this node says, and keeps what concerns threads alone. */
export type Spread = Pick<HeartDeps, 'spread' | 'onThreadOnly'>

export interface HeartPart {
  readonly heart: Heart
  readonly world: World
  readonly archive: LogFiles
  /** What a batch that a peer handed over is worth, the policy at INGRESS included. */
  readonly judge: HeartDeps['judge']
  /** Once, before anything is said. */
  spreadTo(spread: Spread): void
  /** Begins to hear voters; after the host was opened. */
  listen(): void
  stop(): Promise<void>
}

const MESSAGE_LIMITS = {
  bodyBytesMax: VOTER_MESSAGE_BYTES_MAX,
  perSecondMax: 20_000,
  bytesPerSecondMax: 67_108_864,
}
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
  const secondOpinion = openSecondOpinion({ spend: secondOpinionBudget(clock) })
  const verify: CheckSignature = (publicKey, message, signature) =>
    crypto.verifyFast(publicKey, message, signature) || crypto.verify(publicKey, message, signature)
  const liars = genesis.genesis.f
  const world = makeWorld({ net, generation: 0, liars, sha256: crypto.sha256, verify, keys, judge })
  const protocol = `/canswarm/${net.toString()}/command/1`
  const verifiedRoots = new VerifiedRoots()
  const judgeOf: HeartDeps['judge'] = async (from, batch) => {
    const atMs = clock.nowMs()
    const context = { net, sha256: crypto.sha256, keys, verifiedRoots, delegationsOf: () => [], atMs }
    const judged = await judgeBatch(from, batch, context, { crypto, secondOpinion })
    return judged.ok ? ok(await policy.ingress(judged.value)) : judged
  }
  let spread: Spread | undefined
  const heart = new Heart({
    genesis,
    key,
    crypto,
    clock,
    world,
    machines: machinesOf(genesis, world),
    slots,
    archive,
    buckets: bucketsOf(genesis),
    didOf: raftIds(genesis).didOf,
    judge: judgeOf,
    spread: (batch, envelopes) => spread?.spread(batch, envelopes),
    onThreadOnly: (envelope) => spread?.onThreadOnly(envelope),
    send: (to, message) => void mesh.send(to, protocol, message),
    blame: (peer, why) => mesh.penalise(peer, BLAME_POINTS, why),
    fetch: options.fetch,
    release: options.release,
    trace: options.trace,
    later: setImmediate,
  })
  return {
    heart,
    world,
    archive,
    judge: judgeOf,
    spreadTo: (to) => {
      spread = to
    },
    listen: () => mesh.handleMessages(protocol, MESSAGE_LIMITS, (from, body) => heart.hear(from, body)),
    async stop() {
      heart.stop()
      await secondOpinion.close()
      archive.close()
      slots.close()
    },
  }
}
