import { createHash, createPrivateKey, createPublicKey, verify as verifyNative } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decode, encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { parseCid } from '../../../../src/codec/cid.ts'
import { acceptedKeys } from '../../../../src/codec/did/accepted-keys.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import { encodeBatch, signBatch } from '../../../../src/codec/envelope/batch.ts'
import { decodeDelegation, verifyDelegation } from '../../../../src/codec/envelope/delegation.ts'
import { openBatch } from '../../../../src/codec/envelope/open-batch.ts'
import { readBody } from '../../../../src/codec/envelope/read-body.ts'
import { decodeEnvelope, encodeEnvelope, envelopesOf } from '../../../../src/codec/envelope/single-form.ts'
import { VerifiedRoots } from '../../../../src/codec/envelope/verified-roots.ts'
import { verifyBatch } from '../../../../src/codec/envelope/verify-batch.ts'
import type { VerifyContext } from '../../../../src/codec/envelope/verify-root.ts'
import { verifyEnvelope } from '../../../../src/codec/envelope/verify-single.ts'
import { decodeGenesis } from '../../../../src/codec/genesis/genesis.ts'
import type { Did, SecretKey } from '../../../../src/model/ids.ts'
import type { Rejection } from '../../../../src/model/rejection.ts'
import type { Result } from '../../../../src/model/result.ts'

interface Valid {
  readonly network: { readonly genesis: string; readonly net: string }
  readonly signers: readonly { readonly seed: string; readonly did: Did }[]
  readonly bodies: readonly {
    readonly kind: string
    readonly thread: string
    readonly id: string
    readonly bytes: string
  }[]
  readonly batches: readonly {
    readonly about: string
    readonly signer: Did
    readonly root: string
    readonly wire: string
    readonly singles: readonly string[]
  }[]
  readonly delegation: {
    readonly agent: Did
    readonly node: Did
    readonly from: number
    readonly until: number
    readonly wire: string
  }
}

interface Invalid {
  readonly why: string
  readonly form: 'body' | 'single' | 'batch'
  readonly code: string
  readonly hex: string
}

function file(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../vectors/envelope/${name}.json`, import.meta.url), 'utf8'))
}

const valid = file('valid') as Valid
const { vectors } = file('invalid') as { readonly vectors: readonly Invalid[] }
const { delegation } = valid

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex)
const net = parseCid(valid.network.net)
if (!net.ok) throw new Error('the vectors name a network')

const context: VerifyContext = {
  net: net.value,
  sha256: nodeCrypto.sha256,
  keys: acceptedKeys(nodeCrypto),
  verifiedRoots: new VerifiedRoots(),
  delegationsOf: (agent, node) =>
    agent === delegation.agent && node === delegation.node
      ? [{ v: 1, agent, node, from: delegation.from, until: delegation.until }]
      : [],
  atMs: delegation.from,
}

function judge(form: Invalid['form'], wire: Uint8Array): Result<unknown, Rejection> {
  if (form === 'body') return readBody(wire, context)
  if (form === 'batch') {
    const opened = openBatch(wire, context)
    return opened.ok ? verifyBatch(opened.value, context, nodeCrypto.verify) : opened
  }
  const read = decodeEnvelope(wire, context)
  return read.ok ? verifyEnvelope(read.value, context, nodeCrypto.verify) : read
}

describe('published vectors of the wire forms (test/vectors/envelope)', () => {
  it('the genesis names the network', () => {
    const genesis = decodeGenesis(bytes(valid.network.genesis), nodeCrypto.sha256)
    expect(genesis.ok && genesis.value.net.toString()).toBe(valid.network.net)
  })

  it.each(valid.bodies)('$kind is read, with its id and thread', ({ kind, thread, id, bytes: hex }) => {
    expect(readBody(bytes(hex), context)).toMatchObject({ ok: true, value: { id, body: { kind, thread } } })
  })

  it.each(valid.batches)('$about: accepted, and written the same', ({ wire, singles, signer }) => {
    const opened = openBatch(bytes(wire), context)
    if (!opened.ok) throw new Error(opened.error.message)
    const verified = verifyBatch(opened.value, context, nodeCrypto.verify)
    expect(verified.ok && verified.value.items.every((item) => item.ok)).toBe(true)
    const { batch } = opened.value
    expect(envelopesOf(batch, nodeCrypto.sha256).map((one) => encodeEnvelope(one).toHex())).toEqual(singles)
    for (const one of singles) expect(judge('single', bytes(one)).ok).toBe(true)
    const seed = valid.signers.find(({ did }) => did === signer)?.seed ?? ''
    const again = signBatch(nodeCrypto, context.net, bytes(seed) as SecretKey, batch.bodies, batch.by)
    expect(encodeBatch(again).toHex()).toBe(wire)
  })

  it('the delegation is verified', () => {
    const decoded = decodeDelegation(bytes(delegation.wire))
    if (!decoded.ok) throw new Error(decoded.error.message)
    const verified = verifyDelegation(nodeCrypto.verify, context.keys, context.net, decoded.value)
    const { agent, node, from, until } = delegation
    expect(verified).toEqual({ ok: true, value: { v: 1, agent, node, from, until } })
  })

  it.each(vectors)('$form, $why: $code', ({ form, code, hex }) => {
    expect(judge(form, bytes(hex))).toMatchObject({ ok: false, error: { code } })
  })
})

/** The rules once more, by other means: libraries, recursion, concatenation. */
describe('another reading of the same vectors', () => {
  const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
    new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest())

  function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
    const [only] = leaves
    if (leaves.length === 1 && only !== undefined) return sha256(Uint8Array.of(0), only)
    let split = 1
    while (split * 2 < leaves.length) split *= 2
    return sha256(Uint8Array.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)))
  }

  it.each(valid.bodies)('$kind: its id is a CID of its bytes', ({ id, bytes: hex }) => {
    expect(CID.createV1(0x71, create(0x12, sha256(bytes(hex)))).toString()).toBe(id)
  })

  it.each(valid.batches)('$about: its root is signed', ({ wire, root, signer }) => {
    const frame: { root: Uint8Array; s: Uint8Array; bodies: Uint8Array[] } = decode(bytes(wire))
    expect(rootOf(frame.bodies).toHex()).toBe(root)
    const message = Buffer.concat([
      Buffer.from('canswarm/envelope-batch-root/1\0'),
      CID.parse(valid.network.net).bytes,
      encode(frame.root),
    ])
    const seed = valid.signers.find(({ did }) => did === signer)?.seed ?? ''
    const key = createPublicKey(
      createPrivateKey({
        key: Buffer.concat([
          Buffer.from('302e020100300506032b657004220420', 'hex'),
          Buffer.from(seed, 'hex'),
        ]),
        format: 'der',
        type: 'pkcs8',
      }),
    )
    expect(verifyNative(null, message, key, frame.s)).toBe(true)
    expect(didOfKey(nodeCrypto.publicKeyOf(bytes(seed) as SecretKey))).toBe(signer)
  })
})
