import type { Isolation } from '../model/isolation.ts'

/** What a worker is told of the need, as JSON with these names. Source: protocol.md, "Verbs" (NEED). */
export interface JobTask {
  /** Text of the need's id. */
  readonly need: string
  readonly attempt: number
  readonly task_type: string
  readonly capability: string
  readonly label: string
}

/** A further input beside the main one, such as the result of a need that this one waited for. */
export interface JobFile {
  /** One name without folders: letters, digits, `.`, `_`, `-`, at most 64, not starting with a dot, not `input`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** One task, once. The same job gives the same output wherever the runner is deterministic. */
export interface Job {
  readonly task: JobTask
  readonly input: Uint8Array
  readonly files?: readonly JobFile[]
  /** 32 bytes, all the chance that a deterministic task knows: `taskSeed` of the need. */
  readonly seed: Uint8Array
  /** The least that the requester asks for; the operator's own least holds as well. */
  readonly isolation?: Isolation
  /** Lowers the runner's own bounds; a higher figure changes nothing. */
  readonly limits?: JobLimits
}

/** Integers from 1. */
export interface JobLimits {
  readonly gasMax?: number
  readonly wallMsMax?: number
  readonly outputBytesMax?: number
}
