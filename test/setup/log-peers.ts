import { EMPTY_FRONTIER } from '../../src/codec/certificate/frontier.ts'
import { hostLeaf, itemLeaf, votersLeaf } from '../../src/codec/certificate/leaf.ts'
import type { TreeHead } from '../../src/codec/certificate/tree-head.ts'
import { HUB } from '../../src/codec/entry/item.ts'
import { decodeLogAnswer, encodeLogMessage, type LogAnswer } from '../../src/codec/log-fetch/messages.ts'
import { leafHash } from '../../src/codec/merkle/hash.ts'
import { LogTree } from '../../src/core/certificate/log-tree.ts'
import { slotSubject } from '../../src/core/records/history.ts'
import { FaultError } from '../../src/model/fault.ts'
import type { Did } from '../../src/model/ids.ts'
import type { SlotFacts } from '../../src/model/slot-facts.ts'
import type { LogRecord } from '../../src/ports/network-log.ts'
import { LogFetch, type LogFetchDeps } from '../../src/services/log-fetch/log-fetch.ts'
import { LogTrees } from '../../src/services/log-fetch/log-trees.ts'
import { PageTurns, type WorkRates } from '../../src/services/log-fetch/page-turns.ts'
import { type KnownCertificates, serveLogs } from '../../src/services/log-fetch/serve-logs.ts'
import { config, hashOf, sha256, treeHead, VOTERS } from './certificates.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryLogs } from './memory-logs.ts'

export const PEER = VOTERS[30] as Did
const ASKER = VOTERS[31] as Did
const NO_CERTIFICATES: KnownCertificates = { newest: () => undefined, links: () => [] }

export const factsOf = (n: number): SlotFacts => ({
  n,
  time: 1_000 * n,
  clock: 50 * n,
  ...(n % 3 === 0 ? {} : { beacon: hashOf(`beacon ${n}`) }),
  roster: hashOf('roster'),
  registry: hashOf(`registry ${n}`),
})

/** An item that a machine applied, or refused; of a slot, where it is one. */
export function itemRecord(text: string, slot?: SlotFacts, applied = true): LogRecord {
  const item = new TextEncoder().encode(text)
  const leaf = { item: sha256(item), applied, outputs: [] }
  const subject = slot && slotSubject(slot, sha256)
  return { kind: 'item', item, leaf: itemLeaf(subject === undefined ? leaf : { ...leaf, subject }) }
}

/** What hosts said among themselves. */
export function hostRecord(text: string): LogRecord {
  return { kind: 'passed', leaf: hostLeaf({ item: hashOf(text), applied: true, outputs: [] }) }
}

function votersRecord(version: number): LogRecord {
  return { kind: 'voters', leaf: votersLeaf(config(version, [0, 1, 2])) }
}

/** A log of every kind of record: each third leaf of the hub makes a slot. */
export function logOf(machine: number, leaves: number, itemBytes = 8): LogRecord[] {
  return Array.from({ length: leaves }, (_, at): LogRecord => {
    if (machine === HUB && at % 3 === 0) return itemRecord(`slot ${at}`, factsOf(at / 3 + 1))
    if (at % 7 === 5) return hostRecord(`answer ${at}`)
    if (at === 11) return votersRecord(2)
    return itemRecord(`item ${at} `.padEnd(itemBytes, 'x'))
  })
}

/** A peer that keeps logs, and one that asks it. */
export class LogPeers {
  readonly logs = new MemoryLogs(new Uint8Array([1]))
  readonly trees = new LogTrees({ archive: this.logs, sha256, later: setImmediate })
  readonly clock = new ManualClock()
  readonly blames: string[] = []
  /** Requests that were answered. */
  asked = 0
  /** Changes what the peer says. */
  lie: (answer: LogAnswer) => LogAnswer = (answer) => answer
  readonly fetch: LogFetch
  #handler: (from: Did, body: Uint8Array) => Promise<Uint8Array> | Uint8Array = () => new Uint8Array(0)

  constructor(certificates: KnownCertificates = NO_CERTIFICATES, rates?: WorkRates) {
    serveLogs({
      net: 'test',
      mesh: {
        handleRequest: (_protocol, _limits, handler) => {
          this.#handler = handler
        },
        penalise: (peer, _points, why) => void this.blames.push(`${peer} ${why}`),
      },
      trees: this.trees,
      turns: new PageTurns({ mesh: { isConnected: () => true }, clock: this.clock }, rates),
      certificates,
      later: setImmediate,
      slot: factsOf,
    })
    this.fetch = new LogFetch(this.deps)
  }

  get deps(): LogFetchDeps {
    return {
      net: 'test',
      sha256,
      clock: this.clock,
      mesh: {
        request: (peer, _protocol, body) => this.request(peer, body),
        penalise: (peer, _points, why) => void this.blames.push(`${peer} ${why}`),
      },
    }
  }

  keep(machine: number, records: readonly LogRecord[]): void {
    for (const record of records) this.logs.append(machine, record)
  }

  /** The tree of a machine's whole log, leaf by leaf. */
  treeOf(machine: number): LogTree {
    const tree = new LogTree(EMPTY_FRONTIER, sha256)
    for (const record of this.logs.records(machine))
      if (record.kind !== 'certificate') tree.append(leafHash(record.leaf, sha256))
    return tree
  }

  async request(peer: Did, body: Uint8Array): Promise<Uint8Array> {
    if (peer !== PEER) throw new FaultError('peer-unreachable', 'nobody there')
    this.asked += 1
    const answer = decodeLogAnswer(await this.#handler(ASKER, body))
    if (!answer.ok) throw new Error(answer.error.message)
    return encodeLogMessage(this.lie(answer.value))
  }

  /** Head of a machine's whole log. */
  headOf(machine: number): TreeHead {
    const tree = this.treeOf(machine)
    return treeHead({ group: machine - HUB, size: tree.size, root: tree.root().slice() })
  }
}
