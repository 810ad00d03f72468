import type { NodeServices } from '../../verbs/services.ts'

/** A node that has started: its API answers. */
export interface RunningNode {
  readonly services: NodeServices
  /** Hands over leaderships, flushes, ends everything; resolves when all of it is done. May be called twice. */
  stop(): Promise<void>
}
