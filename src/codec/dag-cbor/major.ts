/** Major types of CBOR in their place, the upper three bits of a head. Source: RFC 8949, 3.1. */
export const UINT = 0x00
export const NEGATIVE = 0x20
export const BYTES = 0x40
export const TEXT = 0x60
export const ARRAY = 0x80
export const MAP = 0xa0
export const TAG = 0xc0
export const SIMPLE = 0xe0

/** Whole heads. Source: RFC 8949, 3.3. */
export const FALSE = 0xf4
export const TRUE = 0xf5
export const NULL = 0xf6

/** The one tag of DAG-CBOR: a link, as 0x00 and the bytes of a CID. */
export const CID_TAG = 42
