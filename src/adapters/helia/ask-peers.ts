import { FaultError } from '../../model/fault.ts'
import type { Clock } from '../../ports/clock.ts'

export interface Asking<Peer, Answer> {
  /** Likeliest first; asked for anew each time somebody is looked for, so that who connects later is asked too. */
  readonly peers: () => readonly Peer[]
  /** Text by which two are the same peer. */
  readonly keyOf: (peer: Peer) => string
  /** Rejects when this peer does not give it, with a FaultError when nobody else's answer would help. */
  readonly ask: (peer: Peer, signal: AbortSignal) => Promise<Answer>
  readonly clock: Clock
  /** Aborted: the promise rejects with its reason. */
  readonly signal: AbortSignal
}

/** A peer that is silent for so long is waited for beside the next one. */
const SILENT_MS = 1_500
/**
 * A peer that did not give it is asked again after this, then after twice, four and eight times as long; one that said
 * nothing, at once after as long: a peer says only once that it has not got it, and may have dropped what it was asked.
 */
const AGAIN_MS = 500
const DOUBLINGS_MAX = 3
/** Peers that are asked at the same time: each might send the block. */
const ASKED_AT_ONCE_MAX = 3

interface Asked {
  isBusy: boolean
  /** How often it was asked in vain. */
  failures: number
  notBeforeMs: number
}

/**
 * The first answer that any peer gives: one is asked after the other, the next as soon as one refused or was silent too
 * long, those that refused again later. Ends only with an answer, a FaultError of `ask`, or the signal.
 */
export async function askPeers<Peer, Answer>(asking: Asking<Peer, Answer>): Promise<Answer> {
  const { clock, signal } = asking
  signal.throwIfAborted()
  const others = new AbortController()
  const states = new Map<string, Asked>()
  let stopTimer = (): void => undefined
  const answered = Promise.withResolvers<Answer>()
  const abandon = (): void => answered.reject(signal.reason)
  signal.addEventListener('abort', abandon, { once: true })
  const goOn = (): void => {
    stopTimer()
    const peer = nextPeer(asking, states)
    if (peer !== undefined) void askOne(peer)
    stopTimer = clock.after(peer === undefined ? AGAIN_MS : SILENT_MS, goOn)
  }
  const askOne = async (peer: Peer): Promise<void> => {
    const state = states.get(asking.keyOf(peer)) ?? { isBusy: false, failures: 0, notBeforeMs: 0 }
    states.set(asking.keyOf(peer), state)
    state.isBusy = true
    const doubled = 2 ** Math.min(state.failures++, DOUBLINGS_MAX)
    const silence = new AbortController()
    const stopWaiting = clock.after(AGAIN_MS * doubled, () => silence.abort(new Error('silent')))
    try {
      answered.resolve(await asking.ask(peer, AbortSignal.any([others.signal, silence.signal])))
    } catch (error) {
      if (error instanceof FaultError) return answered.reject(error)
      state.isBusy = false
      state.notBeforeMs = clock.monotonicMs() + (silence.signal.aborted ? 0 : AGAIN_MS * doubled)
      if (!others.signal.aborted) goOn()
    } finally {
      stopWaiting()
    }
  }
  try {
    goOn()
    return await answered.promise
  } finally {
    others.abort(new Error('answered'))
    stopTimer()
    signal.removeEventListener('abort', abandon)
  }
}

function nextPeer<Peer>(
  { peers, keyOf, clock }: Asking<Peer, unknown>,
  states: ReadonlyMap<string, Asked>,
): Peer | undefined {
  const busy = [...states.values()].filter(({ isBusy }) => isBusy).length
  if (busy >= ASKED_AT_ONCE_MAX) return undefined
  const now = clock.monotonicMs()
  return peers().find((peer) => {
    const state = states.get(keyOf(peer))
    return state === undefined || (!state.isBusy && state.notBeforeMs <= now)
  })
}
