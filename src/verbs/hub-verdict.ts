import type { ReadBody } from '../codec/envelope/read-body.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Verdict } from '../model/replicated.ts'
import { err, ok, type Result } from '../model/result.ts'
import type { NodeServices } from './services.ts'

/** What was said, and whether the hub has taken it: `unknown` within the time that was waited, or on a node without the hub. */
export interface SaidToHub {
  readonly body: ReadBody
  readonly outcome: 'applied' | 'unknown'
}

/**
 * Says something that the hub decides about, and waits so long for its word. Rejects as `Author.say`, and what the hub
 * rejects. Aborted or out of time: `unknown`, since what was said stays said.
 */
export async function sayToHub(
  { heart, clock }: Pick<NodeServices, 'heart' | 'clock'>,
  say: () => Promise<Result<ReadBody, Rejection>>,
  waitMs: number,
  signal: AbortSignal,
): Promise<Result<SaidToHub, Rejection>> {
  const heard = new Map<string, Verdict>()
  let wake = (): void => undefined
  // From before it is said: the verdict may come before the promise of `say` does.
  const stop = heart.onHubVerdict(({ id, verdict }) => {
    heard.set(id, verdict)
    wake()
  })
  try {
    const said = await say()
    if (!said.ok) return said
    const { id } = said.value
    const verdict = await waitFor(
      () => heard.get(id),
      waitMs,
      signal,
      clock,
      (again) => (wake = again),
    )
    if (verdict?.kind === 'rejected') return err({ code: verdict.code, message: verdict.message })
    return ok({ body: said.value, outcome: verdict === undefined ? 'unknown' : 'applied' })
  } finally {
    stop()
  }
}

function waitFor<Value>(
  look: () => Value | undefined,
  waitMs: number,
  signal: AbortSignal,
  clock: NodeServices['clock'],
  onWake: (again: () => void) => void,
): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.after(waitMs, end)
    function end(): void {
      cancel()
      signal.removeEventListener('abort', end)
      resolve(look())
    }
    const again = (): void => {
      if (look() !== undefined) end()
    }
    signal.addEventListener('abort', end)
    onWake(again)
    if (signal.aborted) end()
    else again()
  })
}
