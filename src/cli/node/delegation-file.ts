import type { CID } from '../../codec/cid.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { decodeDagJson } from '../../codec/dag-json/decode.ts'
import { acceptedKeys } from '../../codec/did/accepted-keys.ts'
import {
  decodeDelegation,
  type SigningDelegation,
  verifyDelegation,
} from '../../codec/envelope/delegation.ts'
import { offline } from '../../node/offline.ts'
import type { Context } from '../context.ts'
import { unwrap } from '../failure.ts'
import { readInput } from './input.ts'

const FILE_BYTES_MAX = 1_048_576

/** Delegations as JSON lines, each checked. Refuses the file at the first one that is not right. */
export async function readDelegations(
  context: Context,
  path: string,
  net: CID,
): Promise<readonly SigningDelegation[]> {
  const keys = acceptedKeys(offline.crypto)
  const text = Buffer.from(await readInput(context, path, FILE_BYTES_MAX)).toString('utf8')
  return text.split('\n').flatMap((line, index) => {
    if (line === '') return []
    const place = `${path}:${index + 1}`
    const value = unwrap(decodeDagJson(line), place)
    const signed = unwrap(decodeDelegation(encodeDagCbor(value)), place)
    return [unwrap(verifyDelegation(offline.crypto.verify, keys, net, signed), place)]
  })
}
