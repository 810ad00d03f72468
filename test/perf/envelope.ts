import * as library from '@ipld/dag-cbor'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { decodeDagCbor } from '../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../src/codec/dag-cbor/encode.ts'
import { acceptedKeys } from '../../src/codec/did/accepted-keys.ts'
import { encodeBatch, signBatch } from '../../src/codec/envelope/batch.ts'
import { openBatch } from '../../src/codec/envelope/open-batch.ts'
import { VerifiedRoots } from '../../src/codec/envelope/verified-roots.ts'
import { verifyBatchFast } from '../../src/codec/envelope/verify-batch.ts'
import type { VerifyContext } from '../../src/codec/envelope/verify-root.ts'
import type { Ipld } from '../../src/codec/ipld.ts'
import { draftEnvelopeIn } from '../../src/codec/journal/drafts.ts'
import { LineEncoder } from '../../src/codec/journal/encoder.ts'
import type { HashHex, NanoText } from '../../src/codec/journal/kinds.ts'
import { START } from '../../src/codec/journal/line.ts'
import { assert } from '../../src/model/fault.ts'
import type { Result } from '../../src/model/result.ts'
import type { Benchmark, Figure } from './benchmark.ts'
import { type Case, interleave, medianOf, ratioOf, type Samples } from './measure.ts'
import { attestBodies, net, secret } from './sample-envelopes.ts'
import { foldAll, reversedInWindows, sampleThread } from './sample-thread.ts'

const BATCH = 64
const THREAD = 10_000
const { sha256, sha256Hex, verifyFast } = nodeCrypto

export const envelope: Benchmark = {
  name: 'envelope',
  about: 'What an envelope costs: encoding, signing, verifying, the journal, and its place in a thread',
  async run() {
    const costs = interleave([...encodingCases(), ...signingCases(), ...verifyingCases(), journalCase()])
    const folds = interleave(foldCases(), 7)
    return [...costFigures(costs), ...foldFigures(folds)]
  },
}

const bodies = attestBodies(BATCH)
const batch = signBatch(nodeCrypto, net, secret, bodies)
const wire = encodeBatch(batch)
const singles = bodies.map((body) => encodeBatch(signBatch(nodeCrypto, net, secret, [body])))

function encodingCases(): readonly Case[] {
  const values = bodies.map((body) => valueOf(decodeDagCbor(body)))
  return [
    { key: 'encode', items: BATCH, run: () => values.forEach((value) => encodeDagCbor(value)) },
    {
      key: 'encode_library',
      items: BATCH,
      run: () => values.forEach((value) => library.encode<Ipld>(value)),
    },
    { key: 'decode', items: BATCH, run: () => bodies.forEach((body) => valueOf(decodeDagCbor(body))) },
    { key: 'decode_library', items: BATCH, run: () => bodies.forEach((body) => library.decode<Ipld>(body)) },
  ]
}

function signingCases(): readonly Case[] {
  return [
    {
      key: 'sign_single',
      items: BATCH,
      run: () => bodies.forEach((body) => signBatch(nodeCrypto, net, secret, [body])),
    },
    { key: 'sign_batch', items: BATCH, run: () => void signBatch(nodeCrypto, net, secret, bodies) },
  ]
}

function verifyingCases(): readonly Case[] {
  const opened = valueOf(openBatch(wire, { net, sha256 }))
  const openedSingles = singles.map((one) => valueOf(openBatch(one, { net, sha256 })))
  return [
    {
      key: 'verify_single',
      items: BATCH,
      run: () => openedSingles.forEach((one) => mustBeValid(verify(one))),
    },
    { key: 'verify_batch', items: BATCH, run: () => mustBeValid(verify(opened)) },
    { key: 'read', items: BATCH, run: () => void valueOf(openBatch(wire, { net, sha256 })) },
    {
      key: 'read_and_verify_batch',
      items: BATCH,
      run: () => mustBeValid(verify(valueOf(openBatch(wire, { net, sha256 })))),
    },
  ]
}

const keys = acceptedKeys(nodeCrypto)

/** With nothing remembered: every root's signature is checked. */
function verify(opened: Parameters<typeof verifyBatchFast>[0]) {
  const context: VerifyContext = {
    net,
    sha256,
    keys,
    verifiedRoots: new VerifiedRoots(1),
    delegationsOf: () => [],
    atMs: 0,
  }
  return verifyBatchFast(opened, context, verifyFast)
}

function mustBeValid({ kind }: { readonly kind: string }): void {
  assert(kind === 'valid', 'what is measured is valid')
}

function journalCase(): Case {
  const encoder = new LineEncoder(sha256Hex)
  const opened = valueOf(openBatch(wire, { net, sha256 }))
  const seen = opened.items.map((item) => {
    assert(item.ok, 'what is measured was read')
    const { id, bytes, body } = item.value
    return { id, thread: body.thread, body: bytes, hash: sha256Hex(bytes) as HashHex, peer: 'peer' }
  })
  const ts = '1763715600000000000' as NanoText
  return {
    key: 'journal_line',
    items: BATCH,
    run: () => {
      let head = START
      for (const one of seen) head = encoder.encode(head, ts, draftEnvelopeIn(one)).head
    },
  }
}

function foldCases(): readonly Case[] {
  const causal = sampleThread(THREAD)
  const shuffled = reversedInWindows(causal, BATCH)
  return [
    { key: 'fold', items: THREAD, run: () => void foldAll(causal) },
    { key: 'fold_disordered', items: THREAD, run: () => void foldAll(shuffled) },
  ]
}

function costFigures(samples: Samples): readonly Figure[] {
  const us = (key: string, about: string, aim?: number): Figure => ({
    key: `${key}_us`,
    about,
    value: medianOf(samples, key),
    unit: 'us',
    ...(aim !== undefined && { aim }),
  })
  const ratio = (key: string, a: string, b: string, about: string): Figure => ({
    key,
    about,
    value: ratioOf(samples, a, b),
    unit: 'ratio',
  })
  return [
    us('encode', `canonical dag-cbor of a body of ${bodies[0]?.length ?? 0} bytes`),
    us('decode', 'strict canonical reading of it'),
    ratio('encode_library_ratio', 'encode', 'encode_library', 'against @ipld/dag-cbor'),
    ratio('decode_library_ratio', 'decode', 'decode_library', 'against @ipld/dag-cbor, which is less strict'),
    us('sign_single', 'sign one by one'),
    us('sign_batch', `sign in batches of ${BATCH}, an envelope`),
    ratio('sign_batch_ratio', 'sign_batch', 'sign_single', 'in batches against one by one'),
    us('verify_single', 'verify one by one, bodies already read'),
    us('verify_batch', `verify in batches of ${BATCH}, an envelope`, 5),
    ratio('verify_batch_ratio', 'verify_batch', 'verify_single', 'in batches against one by one'),
    us('read', 'decode and check the schema of an envelope'),
    us('read_and_verify_batch', 'verify in a batch, with decoding and schema check', 15),
    us('journal_line', 'a journal line with the body in it', 3),
  ]
}

function foldFigures(samples: Samples): readonly Figure[] {
  const seconds = (key: string, about: string): Figure => ({
    key: `${key}_s`,
    about,
    value: (medianOf(samples, key) * THREAD) / 1e6,
    unit: 's',
    aim: 0.3,
  })
  return [
    seconds('fold', `fold a thread of ${THREAD} envelopes that come in order`),
    seconds('fold_disordered', `the same, each ${BATCH} of them in reverse`),
  ]
}

function valueOf<Value>(result: Result<Value, unknown>): Value {
  assert(result.ok, 'what is measured is right')
  return result.value
}
