import type { DemoRecord, DemoResult } from '../../node/demo/demo.ts'
import { creditsOf } from '../credits.ts'
import { duration } from '../words.ts'

const RESULT_SHOWN = 600

/** The demonstration in a few lines: result, bids, who worked and judged, what was paid. */
export function demoSummary(result: DemoResult, totalMs: number): string {
  const { detail, names, times, file, fileBytes } = result
  const phases = [
    `start ${duration(times.start)}`,
    `attach ${duration(times.attach)}`,
    `NEED to FINALIZE ${duration(times.need)}`,
    `settlement ${duration(Math.max(0, times.settle))}`,
    `export ${duration(times.export)}`,
    `all ${duration(totalMs)}`,
  ]
  return [
    '',
    `result       ${shownText(result.result)}`,
    `bids         ${bidsOf(result)}`,
    `worker       ${names.get(detail.worker ?? '')}: the best bid by price, time and reputation`,
    `verified by  ${votesOf(result, detail).join(', ')}`,
    `paid         ${gainsText(result)}`,
    `record       ${file}, ${fileBytes} bytes`,
    `took         ${phases.join(', ')}`,
  ].join('\n')
}

export function demoData({
  directory,
  network,
  thread,
  detail,
  file,
  fileBytes,
  times,
  isLedgerEqual,
}: DemoResult) {
  const { need, worker, artifact } = detail
  return {
    directory,
    network,
    thread,
    need,
    worker,
    artifact,
    file,
    file_bytes: fileBytes,
    ledger_equal: isLedgerEqual,
    times_ms: { ...times },
  }
}

/** A result as text, or as much of it as fits. */
export function shownText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  return (text.length > RESULT_SHOWN ? `${text.slice(0, RESULT_SHOWN)}…` : text).trimEnd()
}

function bidsOf({ detail, names }: DemoRecord): string {
  return detail.ranking
    .map(({ bidder, cost }) => `${names.get(bidder) ?? bidder} for ${creditsOf(cost)}`)
    .join(', ')
}

/** Each verdict that an entry carried: `node-4 (result: accept)`. */
export function votesOf({ names }: DemoRecord, { committees }: DemoRecord['detail']): readonly string[] {
  return committees.flatMap(({ role, votes }) =>
    votes.map(({ seat, choice }) => `${names.get(seat) ?? seat} (${role}: ${choice})`),
  )
}

/** Who gained or lost how much, and whether all nodes agree. */
function gainsText({ gains, isLedgerEqual }: DemoRecord): string {
  const money = gains
    .filter(({ gained }) => gained !== 0n)
    .map(({ name, gained }) => `${name} ${signedCredits(gained)}`)
  return `${money.join(', ')}; ${agreement(isLedgerEqual)}`
}

export function agreement(isLedgerEqual: boolean): string {
  return isLedgerEqual ? 'all nodes say the same' : 'NODES DISAGREE'
}

export function signedCredits(micro: bigint): string {
  return micro < 0n ? `-${creditsOf(String(-micro))}` : `+${creditsOf(String(micro))}`
}
