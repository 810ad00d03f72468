/** A task that is to be done again: by its capability, deterministic. Source: operations.md, "Agents" (wasm). */
export interface ReplayedTask {
  /** Text of the need's id. */
  readonly need: string
  readonly capability: string
  /** The input itself, or the text of its CID. */
  readonly input: Uint8Array | string
  /** Gas that the requester allows; absent: what everybody has. */
  readonly gasMax?: number
  /** Content that the file holds, by the text of its CID. */
  readonly content: (cid: string) => Uint8Array | undefined
}

/** What became of it. */
export type ReplayedOutcome =
  /** Text of the CID that the result has here: raw, of all its bytes. */
  | { readonly kind: 'done'; readonly artifact: string }
  /** It was done and gives no result, here as everywhere. */
  | { readonly kind: 'failed'; readonly why: string }
  /** It could not be done here; why, with what is missing by its name. */
  | { readonly kind: 'undone'; readonly why: string }

/** Does tasks again. */
export interface TaskReplay {
  /** Faults `worker` when the machine failed and not the task. */
  run(task: ReplayedTask): Promise<ReplayedOutcome>
}
