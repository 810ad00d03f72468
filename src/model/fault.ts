/** Something outside failed (disk, peer, process). Codes are stable; the cause is kept. */
export type FaultCode =
  | 'store-io'
  | 'store-full'
  | 'store-damaged'
  | 'store-locked'
  | 'restored-alone'
  | 'content-not-found'
  | 'content-timed-out'
  | 'content-too-large'
  | 'content-malformed'
  | 'journal-io'
  | 'journal-full'
  | 'journal-damaged'
  | 'home-locked'
  | 'home-missing'
  | 'home-exists'
  | 'config'
  | 'network-damaged'
  | 'key-missing'
  | 'key-exists'
  | 'key-mode'
  | 'key-damaged'
  | 'passphrase'
  | 'seq-used'
  | 'worker'
  | 'agent-unfit'
  | 'install-damaged'
  | 'engine-module'
  | 'engine-died'
  | 'policy-engine'
  | 'peer-address'
  | 'peer-unreachable'
  | 'peer-refused'
  | 'peer-gone'
  | 'mesh-listen'
  | 'not-a-voter'

/** Thrown for a fault, never for bad input: the driver retries within limits, or stops. */
export class FaultError extends Error {
  readonly code: FaultCode

  constructor(code: FaultCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'FaultError'
    this.code = code
  }
}

/** An invariant of ours is broken: crash rather than go on with a wrong state. */
export class DefectError extends Error {
  override readonly name = 'DefectError'
}

/** Throws `DefectError` when an invariant does not hold. Never for input of others. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new DefectError(invariant)
}
