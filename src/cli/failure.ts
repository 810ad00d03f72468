import { type FaultCode, FaultError } from '../model/fault.ts'
import { REJECTION, type Rejection, type RejectionCode } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'
import { EXIT } from './exit.ts'

/** What a person or a script is told when a command did not do its work. */
export interface Failure {
  readonly exit: number
  /** Stable: a rejection code, a fault code, `usage` or `defect`. */
  readonly code: string
  readonly message: string
  readonly field?: string | undefined
  readonly why?: string | undefined
  /** What to do next. */
  readonly todo?: string | undefined
}

/** Thrown by a command to end with a failure of its own. */
export class CommandError extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.name = 'CommandError'
    this.failure = failure
  }
}

/** Ends with exit code 2. */
export function usageError(message: string, todo?: string): CommandError {
  return new CommandError({ exit: EXIT.usage, code: 'usage', message, todo })
}

/** The value, or the rejection as a thrown `CommandError`; `subject` says what was refused. */
export function unwrap<Value>(result: Result<Value, Rejection>, subject?: string): Value {
  if (result.ok) return result.value
  throw new CommandError(refusal(result.error, subject))
}

/** Ends with a rejection that the command itself found. */
export function refuse(code: RejectionCode, message: string, subject?: string): never {
  throw new CommandError(refusal({ code, message }, subject))
}

function refusal(rejection: Rejection, subject?: string): Failure {
  const { code, field } = rejection
  const message = subject === undefined ? rejection.message : `${subject}: ${rejection.message}`
  return { exit: REJECTION[code].exit, code, message, field, todo: RETRY_TODO[REJECTION[code].retry] }
}

/** What to do after a refusal, by the advice of its code. */
export const RETRY_TODO = {
  never: undefined,
  later: 'try again later: it may be taken then',
  refresh: 'read the current state and build the request anew',
} as const

/** Exit code and advice of each fault. */
export const FAULT = {
  'store-io': { exit: EXIT.store, todo: 'check the disk, then start again: nothing acknowledged is lost' },
  'store-full': { exit: EXIT.store, todo: 'free some space on the disk of the home directory' },
  'store-damaged': {
    exit: EXIT.store,
    todo: 'make the home anew out of a backup ("canswarm restore"), or out of the network ("canswarm init --join")',
  },
  'restored-alone': {
    exit: EXIT.store,
    todo: 'found a network anew; of this one "canswarm export", "journal show" and "cas get" read what there is',
  },
  'store-locked': { exit: EXIT.failed, todo: 'stop the other process that uses this store' },
  'content-not-found': { exit: EXIT.failed, todo: 'ask a node that has it, or put it again' },
  'content-timed-out': { exit: EXIT.timedOut, todo: 'try again when a peer that has it is connected' },
  'content-too-large': { exit: EXIT.refused, todo: 'take it in parts' },
  'content-malformed': { exit: EXIT.refused, todo: 'name a raw block, a dag-cbor block or a UnixFS file' },
  'journal-io': { exit: EXIT.store, todo: 'check the disk, then run "canswarm journal verify"' },
  'journal-full': { exit: EXIT.store, todo: 'free some space on the disk of the home directory' },
  'journal-damaged': { exit: EXIT.mismatch, todo: 'run "canswarm journal verify" to see where' },
  'home-locked': { exit: EXIT.failed, todo: 'stop the other process, or name another home with --home' },
  'home-missing': { exit: EXIT.failed, todo: 'run "canswarm init", or name the home with --home' },
  'home-exists': { exit: EXIT.failed, todo: 'use it as it is, name another one, or move it away' },
  config: {
    exit: EXIT.usage,
    todo: 'mend the setting: "canswarm config show --origin" tells where each comes from',
  },
  'network-damaged': {
    exit: EXIT.failed,
    todo: 'restore the genesis file from a backup or from another node of the network',
  },
  'key-missing': { exit: EXIT.failed, todo: 'run "canswarm keys show" to see which keys there are' },
  'key-exists': { exit: EXIT.failed, todo: 'choose another name' },
  'key-mode': { exit: EXIT.failed, todo: 'set the mode to 0600' },
  'key-damaged': { exit: EXIT.failed, todo: 'restore the key file from a backup' },
  passphrase: {
    exit: EXIT.failed,
    todo: 'give the right passphrase: on the terminal or by --passphrase-file',
  },
  'seq-used': { exit: EXIT.refused, todo: 'give the whole thread so far with --after, that envelope too' },
  'install-damaged': { exit: EXIT.failed, todo: 'install the package anew' },
  'agent-unfit': {
    exit: EXIT.failed,
    todo: 'install what is missing, name another program, or see "canswarm agent add --help"',
  },
  worker: { exit: EXIT.failed, todo: 'try again' },
  'engine-module': { exit: EXIT.mismatch, todo: 'install canswarm again: its consensus module is damaged' },
  'policy-engine': { exit: EXIT.failed, todo: 'try again when the machine has more memory free' },
  'peer-address': { exit: EXIT.usage, todo: 'give a multiaddr, as /ip4/192.0.2.7/tcp/4001' },
  'peer-unreachable': { exit: EXIT.failed, todo: 'see that the peer runs and that nothing blocks its port' },
  'peer-refused': { exit: EXIT.failed, todo: 'try another peer: this one does not serve that, or not now' },
  'peer-gone': { exit: EXIT.failed, todo: 'look whether it was done before trying again' },
  'mesh-listen': { exit: EXIT.failed, todo: 'free the port, or set other listen addresses' },
  'not-a-voter': {
    exit: EXIT.failed,
    todo: 'only a voter that the genesis names can run this network so far',
  },
  'engine-died': { exit: EXIT.failed, todo: 'start again: what was acknowledged is on disk' },
} as const satisfies Record<FaultCode, { exit: number; todo: string }>

/** Any thrown thing as a failure. What is not one of ours is a defect, shown with its stack. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return error.failure
  if (error instanceof FaultError)
    return { ...FAULT[error.code], code: error.code, message: error.message, why: causeOf(error) }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {
    exit: EXIT.failed,
    code: 'defect',
    message: text,
    todo: 'this is a defect of canswarm: please report it',
  }
}

function causeOf(error: Error): string | undefined {
  return error.cause instanceof Error ? error.cause.message : undefined
}
