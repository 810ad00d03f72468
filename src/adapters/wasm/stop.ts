/** Why the host ends a task in the middle of a call. */
export type StopCause =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'limit'; readonly limit: 'gas' | 'output' }

/** Thrown through the module's frames: there is nothing to come back to. */
export class Stop extends Error {
  readonly how: StopCause

  constructor(how: StopCause) {
    super(how.kind)
    this.how = how
  }
}
