/**
 * The two encoding globals that every runtime of ours has and that the library es2025 does not declare.
 * Nothing else of the platform is known to compile in the codec.
 * Source: WHATWG Encoding, "Interface TextDecoder", "Interface TextEncoder".
 */
interface TextDecoder {
  /** Throws a TypeError for bytes that are not UTF-8 when made with `fatal`. */
  decode(bytes?: Uint8Array): string
}
declare var TextDecoder: {
  new (label?: 'utf-8', options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean }): TextDecoder
}

interface TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>
  /** `read`: code units of the text taken; `written`: bytes put into `into`, from its start. */
  encodeInto(text: string, into: Uint8Array): { read: number; written: number }
}
declare var TextEncoder: { new (): TextEncoder }
