import { assertRaftId, type RaftId } from '../../model/raft.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/** The first frame on every stream: which protocol, which network, and who sends. */
export interface Hello {
  /** 32 bytes: digest of the network's id. */
  readonly network: Uint8Array
  readonly sender: RaftId
  readonly incarnation: number
}

const MAGIC = 0x74666172 // raft
const VERSION = 1
const NETWORK_BYTES = 32

export function encodeHello({ network, sender, incarnation }: Hello): Uint8Array {
  const out = new WireWriter()
  out.u32(MAGIC)
  out.u8(VERSION)
  out.raw(network)
  out.number(sender)
  out.number(incarnation)
  return out.finish()
}

/** Rejects MALFORMED: another protocol or version, or a number that is none. */
export function decodeHello(bytes: Uint8Array): Result<Hello, Rejection> {
  const from = new WireReader(bytes)
  const [magic, version] = [from.u32(), from.u8()]
  const network = from.raw(NETWORK_BYTES).slice()
  const [sender, incarnation] = [from.number(), from.number()]
  if (magic !== MAGIC || version !== VERSION || !from.done || sender === 0) {
    return reject('MALFORMED', `not a raft stream of version ${VERSION}`)
  }
  return ok({ network, sender: assertRaftId(sender), incarnation })
}
