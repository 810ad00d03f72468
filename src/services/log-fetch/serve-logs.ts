import { type Certificate, certificateToIpld } from '../../codec/certificate/certificate.ts'
import { type VoterLink, voterLinkToIpld } from '../../codec/certificate/voter-chain.ts'
import { HUB } from '../../codec/entry/item.ts'
import {
  decodeLogRequest,
  encodeLogMessage,
  LINKS_MAX,
  LOG_ANSWER_BYTES_MAX,
  LOG_REQUEST_BYTES_MAX,
  type LogAnswer,
  type LogRequest,
  PAGE_BYTES_TARGET,
  PAGE_LEAVES_MAX,
  slotToTuple,
} from '../../codec/log-fetch/messages.ts'
import { encodeLogRecord } from '../../codec/network-log/log-record.ts'
import type { ConfigVersion } from '../../model/certified.ts'
import type { Did } from '../../model/ids.ts'
import type { SlotFacts } from '../../model/slot-facts.ts'
import type { Mesh } from '../../ports/mesh.ts'
import { logProtocol } from './log-fetch.ts'
import { slotMadeBy } from './log-page.ts'
import { type GrownLog, type LogTrees, SLICE_RECORDS } from './log-trees.ts'
import { leafWork, type PageTurns, type Worked } from './page-turns.ts'

/** What a node knows of the certificates of the logs that it keeps. */
export interface KnownCertificates {
  /** The newest that it has seen and checked; undefined: none. */
  newest(machine: number): Certificate | undefined
  /** Certified changes of a machine's voters behind a config. */
  links(machine: number, after: ConfigVersion): readonly VoterLink[]
}

export interface ServeLogsDeps {
  /** Text of the network's id. */
  readonly net: string
  readonly mesh: Pick<Mesh, 'handleRequest' | 'penalise'>
  readonly trees: LogTrees
  /** Of the same peers and clock. */
  readonly turns: PageTurns
  readonly certificates: KnownCertificates
  /** Runs a task once others had their turn. */
  readonly later: (task: () => void) => void
  /** Undefined for a slot that this node does not have. */
  readonly slot: (n: number) => SlotFacts | undefined
}

const REQUEST_LIMITS = {
  bodyBytesMax: LOG_REQUEST_BYTES_MAX,
  answerBytesMax: LOG_ANSWER_BYTES_MAX,
  inFlightPerPeerMax: 2,
  timeoutMs: 10_000,
  perSecondMax: 50,
  burstMax: 200,
}
const MALFORMED_POINTS = 10
/** More than an honest peer asks for at once, unless it gave up waiting. */
const OVER_POINTS = 1
/** Units of work: of any answer, and of a change of voters in it. */
const ANSWER_WORK = 32
const LINK_WORK = 32

type Page = Extract<LogRequest, { kind: 'page' }>
type Newest = Extract<LogRequest, { kind: 'newest' }>
const NONE: LogAnswer = { kind: 'none' }

/** Answers `LogFetch` of other nodes, strangers too, out of the logs that this node keeps. */
export function serveLogs(deps: ServeLogsDeps): void {
  const answer = async (from: Did, body: Uint8Array): Promise<Uint8Array> => {
    const request = decodeLogRequest(body)
    if (!request.ok) {
      deps.mesh.penalise(from, MALFORMED_POINTS, `asked for a log: ${request.error.message}`)
      return encodeLogMessage(NONE)
    }
    const { value } = request
    const log = await deps.trees.of(value.machine)
    const answered = await deps.turns.take(from, async () => {
      const { value: made, work } =
        value.kind === 'page' ? await pageOf(deps, log, value) : newestOf(deps, log, value)
      return { value: encodeLogMessage(made), work: ANSWER_WORK + work }
    })
    if (answered !== undefined) return answered
    deps.mesh.penalise(from, OVER_POINTS, 'asked for more of logs than may wait')
    return encodeLogMessage(NONE)
  }
  deps.mesh.handleRequest(logProtocol(deps.net), REQUEST_LIMITS, answer)
}

function newestOf(
  { certificates }: ServeLogsDeps,
  { tree }: GrownLog,
  { machine, after }: Newest,
): Worked<LogAnswer> {
  const certificate = certificates.newest(machine)
  const links = certificates.links(machine, after).slice(0, LINKS_MAX).map(voterLinkToIpld)
  const isThere = certificate !== undefined && certificate.head.size <= tree.size
  const value: LogAnswer = isThere
    ? { kind: 'newest', certificate: certificateToIpld(certificate), links }
    : { kind: 'newest', links }
  return { value, work: links.length * LINK_WORK }
}

async function pageOf(
  deps: ServeLogsDeps,
  log: GrownLog,
  { machine, from, size }: Page,
): Promise<Worked<LogAnswer>> {
  if (from >= size || size > log.tree.size) return { value: NONE, work: 0 }
  const page: Uint8Array[] = []
  const slots: ReturnType<typeof slotToTuple>[] = []
  const leavesMax = Math.min(size - from, PAGE_LEAVES_MAX)
  let bytes = 0
  for (const record of log.leaves(from)) {
    const made = machine === HUB ? slotMadeBy(record) : undefined
    const facts = made && deps.slot(Number(made.name.slice('slot/'.length)))
    if (made !== undefined && facts === undefined) break
    if (facts !== undefined) slots.push(slotToTuple(facts))
    const encoded = encodeLogRecord(record)
    page.push(encoded)
    bytes += encoded.length
    if (page.length === leavesMax || bytes >= PAGE_BYTES_TARGET) break
    if (page.length % SLICE_RECORDS === 0) await new Promise<void>(deps.later)
  }
  const work = leafWork(page.length, bytes)
  if (page.length === 0) return { value: NONE, work }
  const proof = await log.consistency(from + page.length, size)
  return { value: { kind: 'page', records: page, proof: [...proof.value], slots }, work: work + proof.work }
}
