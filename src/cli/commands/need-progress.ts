import { styleText } from 'node:util'
import type { ApiClient, OutputOf } from '../../sdk/client.ts'
import type { NeedBrief } from '../../verbs/need-view.ts'
import { daemonError } from '../daemon.ts'
import { duration, short } from '../words.ts'

export type NeedDetail = OutputOf<'needShow'>

export interface Waited {
  /** How it stood when waiting ended. */
  readonly brief: NeedBrief | undefined
  readonly isTimedOut: boolean
  /** By Ctrl-C. */
  readonly isInterrupted: boolean
}

/** Follows a need until `isDone`, for so long, or until Ctrl-C; tells of each step on standard error. */
export async function followNeed(
  node: ApiClient,
  need: string,
  { isDone, timeoutMs }: { readonly isDone: (brief: NeedBrief) => boolean; readonly timeoutMs: number },
): Promise<Waited> {
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(), timeoutMs)
  let isInterrupted = false
  const interrupt = (): void => {
    isInterrupted = true
    ending.abort()
  }
  process.on('SIGINT', interrupt)
  let brief: NeedBrief | undefined
  try {
    for await (const event of node.events({ need, kinds: ['need'] }, ending.signal)) {
      if (event.kind !== 'need') continue
      tellStep(event.data, brief)
      brief = event.data
      if (isDone(brief)) return { brief, isTimedOut: false, isInterrupted }
    }
    return { brief, isTimedOut: !isInterrupted, isInterrupted }
  } catch (error) {
    throw daemonError(error)
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', interrupt)
    ending.abort()
  }
}

function tellStep(now: NeedBrief, before: NeedBrief | undefined): void {
  const line = stepOf(now)
  if (before !== undefined && stepOf(before) === line) return
  const state = styleText('bold', now.state.toLowerCase().padEnd(9), { stream: process.stderr })
  process.stderr.write(`${state}  ${line}\n`)
}

/** What a need waits for, or what came of it, in words. */
export function stepOf(brief: NeedBrief): string {
  const { state, bids, worker, attempt, challenges } = brief
  const again = attempt > 0 ? `, attempt ${attempt + 1}` : ''
  const by = worker === null ? '' : ` by ${short(worker)}`
  const disputed = challenges > 0 ? `, ${challenges} challenged` : ''
  switch (state) {
    case 'POSTED':
      return 'said: the hub has not decided about it yet'
    case 'REFUSED':
      return `the hub refused it: ${brief.refusal?.message ?? ''}`
    case 'WAITING':
      return 'escrowed: waits for its beacon, and for verifiers to draw'
    case 'OPEN':
      return 'waits for bids'
    case 'RANKED':
      return `${bids} ${bids === 1 ? 'bid' : 'bids'}: the best one shows its plan`
    case 'DECIDED':
      return `waits for its worker${again}`
    case 'CLAIMED':
      return `worked on${by}${again}`
    case 'COMMITTED':
      return `delivered${by}: the verifiers judge it`
    case 'FINAL':
      return `accepted${disputed}: open to challenges${windowOf(brief)}`
    case 'SETTLED':
      return 'all are paid'
    case 'CANCELLED':
      return 'taken back'
    case 'EXPIRED':
      return 'nobody delivered in time'
    case 'SPLIT':
      return 'the verifiers could not decide'
    default:
      return state satisfies never
  }
}

function windowOf({ challenge_window_left_ms: left }: NeedBrief): string {
  return left === null || left === 0 ? '' : ` (window ${duration(left)})`
}
