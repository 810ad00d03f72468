/** A task that a verifier can do again: WebAssembly by its CID, deterministic. Source: operations.md, "Agents" (wasm). */
export interface ReplayedTask {
  /** Text of the need's id. */
  readonly need: string
  readonly capability: string
  /** Absent where the input is not in the file, or sealed. */
  readonly input?: Uint8Array
  /** Text of the CID of the result that was finalised. */
  readonly artifact: string
}

/** Does tasks again. */
export interface TaskReplay {
  /** Text of the CID that the result has here; undefined where the task cannot be done here. */
  run(task: ReplayedTask): string | undefined
}
