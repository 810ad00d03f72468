import { CAST, type ChallengeResult } from '../../node/demo/challenge-demo.ts'
import { duration } from '../words.ts'
import { agreement, shownText, signedCredits, votesOf } from './demo-summary.ts'

/** Who lied, who found it out, what it cost them, and what the right result is. */
export function challengeSummary(result: ChallengeResult, totalMs: number): string {
  const { accepted, detail, names, times, file, fileBytes, isLedgerEqual } = result
  const nameOf = (did: string | null | undefined): string => names.get(did ?? '') ?? String(did)
  const [challenge] = detail.challenge_list
  const phases = [
    `lie accepted after ${duration(times.accepted)}`,
    `taken back after ${duration(times.invalidated)}`,
    `right result after ${duration(times.need)}`,
    `settled after ${duration(times.settled)}`,
    `all ${duration(totalMs)}`,
  ]
  return [
    '',
    `the lie      ${lieOf(result)}`,
    `told by      ${nameOf(accepted.worker)}, who asked the least for it`,
    `accepted by  ${resultVotes(result, 0).join(', ')}`,
    `challenged   by ${nameOf(challenge?.challenger)}, who did the task again`,
    `upheld by    ${votesOf(result, { ...detail, committees: committeesOf(result, 'challenge') }).join(', ')}`,
    `the result   ${shownText(result.result)}`,
    `worker       ${nameOf(detail.worker)}`,
    `accepted by  ${resultVotes(result, 1).join(', ')}`,
    ...moneyOf(result),
    `ledger       ${agreement(isLedgerEqual)}`,
    `record       ${file}, ${fileBytes} bytes`,
    `took         ${phases.join(', ')}`,
  ].join('\n')
}

export function challengeData(result: ChallengeResult) {
  const { directory, network, thread, accepted, detail, names, gains, file, fileBytes, times } = result
  const [challenge] = detail.challenge_list
  return {
    directory,
    network,
    thread,
    need: detail.need,
    liar: names.get(accepted.worker ?? '') ?? null,
    lie: accepted.artifact,
    challenger: names.get(challenge?.challenger ?? '') ?? null,
    challenge: challenge?.id ?? null,
    worker: names.get(detail.worker ?? '') ?? null,
    artifact: detail.artifact,
    attempt: detail.attempt,
    gains_micro: Object.fromEntries(gains.map(({ name, gained }) => [name, gained.toString()])),
    file,
    file_bytes: fileBytes,
    ledger_equal: result.isLedgerEqual,
    times_ms: { ...times },
  }
}

/** In what the accepted lie and the right result differ. */
function lieOf({ lie, result }: ChallengeResult): string {
  const [wrong, right] = [lie, result].map(
    (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, unknown>>,
  )
  const fields = Object.keys(right ?? {}).filter(
    (name) => JSON.stringify(wrong?.[name]) !== JSON.stringify(right?.[name]),
  )
  return fields
    .map(
      (name) => `${name}: ${JSON.stringify(wrong?.[name])}, where ${JSON.stringify(right?.[name])} is right`,
    )
    .join('; ')
}

type Committees = ChallengeResult['detail']['committees']

function committeesOf(
  { detail }: ChallengeResult,
  role: Committees[number]['role'],
  attempt = 0,
): Committees {
  return detail.committees.filter((one) => one.role === role && one.attempt === attempt)
}

function resultVotes(result: ChallengeResult, attempt: number): readonly string[] {
  return votesOf(result, { ...result.detail, committees: committeesOf(result, 'result', attempt) })
}

/** One line a node. */
function moneyOf({ gains }: ChallengeResult): readonly string[] {
  return gains.map(({ name, gained }, at) => {
    const heading = at === 0 ? 'money' : ''
    return `${heading.padEnd(13)}${name}  ${signedCredits(gained).padStart(12)}  ${CAST.get(name) ?? ''}`
  })
}
