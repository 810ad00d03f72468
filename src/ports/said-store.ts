import type { Did, EnvelopeId, Lamport, Seq, ThreadId } from '../model/ids.ts'

/** The last envelope of an account in a thread. */
export interface SaidPlace {
  readonly did: Did
  readonly thread: ThreadId
  readonly seq: Seq
  readonly id: EnvelopeId
  readonly lamport: Lamport
  /** Text of the capsule's CID. */
  readonly capsule: string
}

/** An own envelope that matters still. */
export interface SaidWord {
  readonly id: EnvelopeId
  /** As its journal line has it. */
  readonly body: Uint8Array
  /** An entry carried it: it is not sent again, and not said again. */
  readonly isCarried: boolean
}

/** A line of the journal. */
export interface SaidMark {
  readonly n: number
  readonly chain: string
}

export interface SaidChanges {
  readonly places: readonly SaidPlace[]
  /** New ones, in order. */
  readonly words: readonly SaidWord[]
  /** Of those in here, which entries carried by now. */
  readonly carried: readonly EnvelopeId[]
  readonly dropped: readonly EnvelopeId[]
  /** Of the lines up to there all is in here that matters. */
  readonly mark?: SaidMark
}

/**
 * What a journal says of its own envelopes, up to a line, in a form in which one thing is found without reading all: it can be
 * lost, and is made from the journal again. Faults `store-io`.
 */
export interface SaidStore {
  /** Undefined: nothing is in here. */
  readonly mark: SaidMark | undefined
  place(did: Did, thread: ThreadId): SaidPlace | undefined
  /** In the order in which they were said. */
  words(): Iterable<SaidWord>
  /** All or nothing, even when the process is killed. `full`: there is no room, and nothing was written. */
  commit(changes: SaidChanges): 'stored' | 'full'
  clear(): void
  close(): void
}
