import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { decodeBatchProof } from '../../src/codec/certificate/batch-proof.ts'
import { shareRoot, sharesOf } from '../../src/codec/certificate/share.ts'
import type { TreeHead } from '../../src/codec/certificate/tree-head.ts'
import { provable, proveOutputs } from '../../src/core/certificate/prove-outputs.ts'
import { foundSealedLog, makeHead, type SealedLog } from '../../src/core/certificate/sealed-log.ts'
import { verifyCertificate } from '../../src/core/certificate/verify-certificate.ts'
import { applyItem } from '../../src/core/replica/apply-item.ts'
import { emptyReplica, hashState } from '../../src/core/replica/checkpoint.ts'
import { proofCheck } from '../../src/core/replica/proof-check.ts'
import { effectBatch, type Replica } from '../../src/core/replica/replica.ts'
import type { GroupId, LogIndex, RaftId, Term } from '../../src/model/raft.ts'
import type { EffectBatch } from '../../src/model/replicated.ts'
import { boardMachine, encodeBoardCommand } from '../../src/sim/raft/machines.ts'
import { certified, didOf } from '../setup/certified-world.ts'
import type { Benchmark, Figure } from './benchmark.ts'

const { sha256 } = nodeCrypto
const [A, B] = [1 as GroupId, 2 as GroupId]
const IDS = [1, 2, 3, 4].map((id) => id as RaftId)
const COMMANDS = 20_000
const RUNS = 200
const PARTS = 10
const CERTIFICATION = certified(4, 1)

export const certificates: Benchmark = {
  name: 'certificates',
  about:
    'What certificates add: the leaf of a command, signing a turn, proving and checking effects, real keys',
  async run() {
    return Promise.resolve([...leafFigures(), ...signatureFigures(), ...effectFigures()])
  },
}

function leafFigures(): Figure[] {
  for (const isCertified of [false, true]) applyMany(replicaOf(A, isCertified))
  const [off, on] = [applyMany(replicaOf(A, false)), applyMany(replicaOf(A, true))]
  return [
    figure('apply_off', 'a command of 100 bytes into a replica without certificates', off),
    figure('apply_on', 'the same with its leaf in the tree', on),
    figure('leaf', 'the difference: what every replica pays for every command', on - off),
  ]
}

function applyMany(replica: Replica): number {
  const context = { machine: boardMachine, proofs: proofCheck(CERTIFICATION(IDS[0] as RaftId).rules), sha256 }
  const body = encodeBoardCommand({ kind: 'add', amount: 1 })
  const wide = new Uint8Array([...body, ...new Uint8Array(100 - body.length).fill(32)])
  let best = Number.POSITIVE_INFINITY
  for (let n = 0; n < COMMANDS; ) {
    const start = process.hrtime.bigint()
    for (const end = n + COMMANDS / PARTS; n < end; n++) {
      const ticket = { born: replica.position, key: Uint8Array.of(n, n >> 8, n >> 16) }
      applyItem(context, replica, { kind: 'command', ticket, body: wide }, n as LogIndex)
    }
    best = Math.min(best, (microseconds(start) * PARTS) / COMMANDS)
  }
  return best
}

function signatureFigures(): Figure[] {
  const heads = Array.from({ length: 16 }, (_, group) => headOf(group, 1))
  const { signer, rules } = CERTIFICATION(IDS[0] as RaftId)
  if (signer === undefined) throw new Error('the node has a key')
  const sign = timeOf(() =>
    sharesOf({ voter: signer.voter, heads, s: signer.sign(shareRoot(heads, sha256)) }, sha256),
  )
  const all = Array.from({ length: RUNS }, (_, n) => certificateOf(headOf(1, n + 1)))
  const config = rules.genesisOf(1 as GroupId, 0)
  if (config === undefined) throw new Error('genesis has the group')
  const fresh = timeOf((n) => verifyCertificate(all[n % RUNS] as (typeof all)[0], config, rules), 0)
  const again = timeOf((n) => verifyCertificate(all[n % RUNS] as (typeof all)[0], config, rules))
  return [
    figure('sign_turn', 'a voter signs the heads of 16 groups, with a path for each', sign),
    figure('verify_fresh', 'a certificate of 3 signatures that were never seen', fresh),
    figure('verify_again', 'the same when its signatures were judged before', again),
  ]
}

function effectFigures(): Figure[] {
  return [1, 64].flatMap((count) => {
    const { replica, head } = toldReplica(count)
    const batch = proven(replica, head, count)
    const target = replicaOf(B, true)
    const check = proofCheck(CERTIFICATION(IDS[1] as RaftId).rules)
    if (!check.effects(target, batch).isProven) throw new Error('the batch is proved')
    const prove = timeOf(() => proven(replica, head, count))
    const judge = timeOf(() => check.effects(target, batch))
    const size = batch.proof.length
    const read = timeOf(() => decodeBatchProof(batch.proof))
    return [
      figure(`prove_${count}`, `proof of ${count} effects, each, with its certificate made`, prove / count),
      figure(
        `check_${count}`,
        `a replica of the target checks it, each, signatures judged before`,
        judge / count,
      ),
      figure(`read_${count}`, 'of that: reading the proof', read / count),
      { key: `proof_bytes_${count}`, about: 'its size, each', value: size / count, unit: 'bytes' as const },
    ]
  })
}

function toldReplica(count: number): { replica: Replica; head: TreeHead } {
  const replica = replicaOf(A, true)
  applyMany(replica)
  const context = { machine: boardMachine, proofs: proofCheck(CERTIFICATION(IDS[0] as RaftId).rules), sha256 }
  for (let n = 0; n < count; n++) {
    const body = encodeBoardCommand({ kind: 'tell', target: B, text: `effect ${n}` })
    const ticket = { born: replica.position, key: new TextEncoder().encode(`tell ${n}`) }
    applyItem(context, replica, { kind: 'command', ticket, body }, n as LogIndex)
  }
  const head = makeHead(replica.sealed as SealedLog, () => hashState(boardMachine, replica, sha256))
  if (head === undefined) throw new Error('effects make a head')
  return { replica, head }
}

function proven(replica: Replica, head: TreeHead, count: number): EffectBatch {
  const batch = effectBatch(replica, B, { first: 1, most: count, bytesMax: 1e6 })
  const sealed = replica.sealed
  if (batch === undefined || sealed === undefined) throw new Error('there are effects')
  const keys = batch.bodies.map((_, n) => `effect ${B} ${n + 1}`)
  if (provable(sealed, head.size, keys) !== count) throw new Error('all are provable')
  return { ...batch, proof: proveOutputs(sealed, certificateOf(head), keys, 1 as never, 1 as never) }
}

const made = new Map<TreeHead, ReturnType<typeof makeCertificate>>()

function certificateOf(head: TreeHead) {
  const known = made.get(head) ?? makeCertificate(head)
  made.set(head, known)
  return known
}

function makeCertificate(head: TreeHead) {
  const shares = IDS.slice(0, 3).flatMap((id) => {
    const { signer } = CERTIFICATION(id)
    if (signer === undefined) return []
    return sharesOf({ voter: signer.voter, heads: [head], s: signer.sign(shareRoot([head], sha256)) }, sha256)
  })
  const sorted = shares.toSorted((a, b) => (a.voter < b.voter ? -1 : 1))
  return { head, shares: sorted.map(({ voter, path, s }) => ({ voter, path, s })) }
}

function headOf(group: number, size: number): TreeHead {
  const [root, state] = [sha256(Uint8Array.of(size, size >> 8)), sha256(Uint8Array.of(group))]
  return { group, generation: 0, config: 1, size, root, state } as unknown as TreeHead
}

function replicaOf(group: GroupId, isCertified: boolean): Replica {
  const { rules } = CERTIFICATION(IDS[0] as RaftId)
  const genesis = rules.genesisOf(group, 0)
  if (genesis === undefined) throw new Error('genesis has the group')
  const members = new Map(IDS.map((id) => [id, didOf(id)]))
  const membership = { voters: IDS, learners: [], outgoing: [], learnersNext: [], autoLeave: false }
  const sealed = isCertified ? foundSealedLog(genesis, members, sha256) : undefined
  return emptyReplica(boardMachine, group, 0, 1 as LogIndex, 1 as Term, membership, sealed)
}

/** The best of ten parts: what others do on the machine at the time is left out as far as it can be. */
function timeOf(act: (n: number) => unknown, warm = RUNS): number {
  for (let n = 0; n < warm; n++) act(n)
  const parts = Array.from({ length: PARTS }, (_, part) => {
    const start = process.hrtime.bigint()
    for (let n = 0; n < RUNS / PARTS; n++) act((part * RUNS) / PARTS + n)
    return (microseconds(start) * PARTS) / RUNS
  })
  return Math.min(...parts)
}

function microseconds(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1000
}

function figure(key: string, about: string, value: number): Figure {
  return { key, about, value, unit: 'us' }
}
