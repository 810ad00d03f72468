import { encodeOptions as dagCborOptions } from '@ipld/dag-cbor'
import { encode } from 'cborg'
import type { EncodeOptions, OptionalTypeEncoder, Reference } from 'cborg/interface'
import { CID } from 'multiformats/cid'
import { assert, DefectError } from '../../model/fault.ts'
import { type Ipld, isReserved } from '../ipld.ts'
import { READ_LIMITS } from '../read-limits.ts'

/**
 * Canonical dag-cbor of a value: the one form that `decodeDagCbor` reads. Asserts what `Ipld` promises: no
 * float, no integer beyond 2^53 - 1, no undefined, no bigint, no lone surrogate, no CIDv0, no reserved map,
 * nothing but plain objects, at most 32 containers inside one another.
 * Source: protocol.md, "Encoding"; IPLD DAG-CBOR specification.
 */
export function encodeDagCbor(value: Ipld): Uint8Array {
  return encode(value, options)
}

const encodeLink = dagCborOptions.typeEncoders.Object

const refuse: OptionalTypeEncoder = (_value, type) => {
  throw new DefectError(`an encoded value holds no ${type}`)
}

const options: EncodeOptions = {
  ...dagCborOptions,
  typeEncoders: {
    ...dagCborOptions.typeEncoders,
    undefined: refuse,
    bigint: refuse,
    symbol: refuse,
    Function: refuse,
    Map: refuse,
    number: (value: number) => {
      assert(Number.isSafeInteger(value), 'an encoded number is a safe integer')
      return null
    },
    string: (text: string) => {
      assert(text.isWellFormed(), 'an encoded text is well-formed Unicode')
      return null
    },
    Array: (_list, _type, _options, parents) => {
      assertDepth(parents)
      return null
    },
    Object: (value: CID | { readonly [key: string]: Ipld }, _type, _options, parents) => {
      // the library takes any object for a link whose `/` and `bytes` are the same
      if (value instanceof CID) return encodeLink(value)
      assertDepth(parents)
      const prototype: unknown = Object.getPrototypeOf(value)
      assert(prototype === Object.prototype || prototype === null, 'an encoded map is a plain object')
      const underSlash = value['/']
      assert(underSlash === undefined || !isReserved(underSlash), 'an encoded map is not reserved')
      return null
    },
  },
}

function assertDepth(parents: Reference | undefined): void {
  let depth = 1
  for (let parent = parents; parent !== undefined; parent = parent.parent) depth++
  assert(depth <= READ_LIMITS.depthMax, 'an encoded value is at most 32 deep')
}
