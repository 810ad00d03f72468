import { hashes } from '@noble/ed25519'
import { afterEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import {
  openSecondOpinion,
  SECOND_OPINION_LIMITS,
  type SecondOpinionOptions,
} from '../../../../src/adapters/crypto/second-opinion.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'
import type { SecondOpinion, SignatureCheck } from '../../../../src/ports/second-opinion.ts'
import { secondOpinionBudget } from '../../../../src/services/intake/second-opinion-budget.ts'
import { cctvVectors } from '../../../setup/ed25519-vectors.ts'

const opened: SecondOpinion[] = []
const unlimited = (_peer: string, checks: number) => checks

function open(options: Partial<SecondOpinionOptions> = {}): SecondOpinion {
  const opinion = openSecondOpinion({ spend: unlimited, ...options })
  opened.push(opinion)
  return opinion
}

afterEach(async () => {
  for (const opinion of opened.splice(0)) await opinion.close()
})

/** Answers as `true`, `false` or a rejection's code. */
async function answers(opinion: SecondOpinion, peer: string, checks: readonly SignatureCheck[]) {
  const verdicts = await opinion.verdicts(peer, checks)
  return verdicts.map((verdict) => (verdict.ok ? verdict.value : verdict.error.code))
}

function forged(count: number): readonly SignatureCheck[] {
  const secret = new Uint8Array(32).fill(8) as SecretKey
  const key = nodeCrypto.publicKeyOf(secret)
  return Array.from({ length: count }, (_, number) => {
    const message = new Uint8Array([number & 255, number >> 8])
    const signature = nodeCrypto.sign(secret, message)
    // S is wrong and R still decodes, so that deciding takes the whole work.
    signature[32] = (signature[32] ?? 0) ^ 1
    return { key, message, signature }
  })
}

describe('the second opinion', () => {
  it('gives on all published cases, through the worker thread, the verdict of the rule', async () => {
    const vectors = cctvVectors()
    const given = await answers(open(), 'peer', vectors)
    // What the rule says of each (zip215.test.ts holds it to these flags).
    expect(given).toEqual(vectors.map((v) => !v.flags.has('reencoded_k') || v.flags.has('low_order_A')))
    expect(given.filter((accepted) => accepted === true)).toHaveLength(826)
  }, 60_000)

  it('decides on 1,000 forged signatures without one verification in JavaScript on the main thread', async () => {
    const opinion = open()
    const checks = forged(1000)
    const before = hashes.sha512
    let onMainThread = 0
    hashes.sha512 = (message) => {
      onMainThread += 1
      return before?.(message) ?? new Uint8Array()
    }
    try {
      const suspects = checks.filter(
        (check) => !nodeCrypto.verifyFast(check.key, check.message, check.signature),
      )
      expect(suspects).toHaveLength(1000)
      const given = await answers(opinion, 'peer', suspects)
      expect(given.every((accepted) => accepted === false)).toBe(true)
      expect(onMainThread).toBe(0)
      // The counter does count: the synchronous rule goes through it.
      const [first] = suspects
      if (first !== undefined) nodeCrypto.verify(first.key, first.message, first.signature)
      expect(onMainThread).toBe(1)
    } finally {
      hashes.sha512 = before
    }
  }, 60_000)

  it('refuses with RATE_LIMITED what the peer cannot buy, and decides on the rest', async () => {
    const limits = {
      peerChecksMax: 3,
      peerChecksPerSecond: 0,
      allChecksMax: 5,
      allChecksPerSecond: 0,
      peersMax: 9,
    }
    const opinion = open({ spend: secondOpinionBudget({ monotonicMs: () => 0 }, limits) })
    const checks = forged(4)
    expect(await answers(opinion, 'a', checks)).toEqual([false, false, false, 'RATE_LIMITED'])
    expect(await answers(opinion, 'a', checks)).toEqual(Array(4).fill('RATE_LIMITED'))
    expect(await answers(opinion, 'b', checks)).toEqual([false, false, 'RATE_LIMITED', 'RATE_LIMITED'])
  })

  it('holds no more than its queue, and what does not fit costs no budget', async () => {
    const spent: number[] = []
    const spend = (_peer: string, checks: number) => {
      spent.push(checks)
      return checks
    }
    const opinion = open({ spend, limits: { ...SECOND_OPINION_LIMITS, queueChecksMax: 5 } })
    const [first, second] = await Promise.all([
      answers(opinion, 'a', forged(4)),
      answers(opinion, 'b', forged(4)),
    ])
    expect(first).toEqual([false, false, false, false])
    expect(second).toEqual([false, 'RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED'])
    expect(spent).toEqual([4, 1])
    expect(await answers(opinion, 'b', forged(4))).toEqual([false, false, false, false])
  })

  it('counts the bytes that it holds, and refuses a message over the limit', async () => {
    const [check] = forged(1)
    if (check === undefined) throw new Error('there is a check')
    const sized = (bytes: number): SignatureCheck => ({ ...check, message: new Uint8Array(bytes) })
    const limits = { ...SECOND_OPINION_LIMITS, queueBytesMax: 100, messageBytesMax: 60 }
    const opinion = open({ limits })
    expect(await answers(opinion, 'a', [sized(61), sized(60), sized(40), sized(1)])).toEqual([
      'TOO_LARGE',
      false,
      false,
      'RATE_LIMITED',
    ])
  })

  it('decides on copies: what the caller does with its arrays afterwards does not matter', async () => {
    const secret = new Uint8Array(32).fill(6) as SecretKey
    const message = new Uint8Array(40).fill(1)
    const check = {
      key: nodeCrypto.publicKeyOf(secret),
      message,
      signature: nodeCrypto.sign(secret, message),
    }
    const opinion = open()
    // The first is on its way; the second waits here until that one is decided.
    const both = Promise.all([answers(opinion, 'a', [check]), answers(opinion, 'a', [check])])
    message.fill(9)
    expect(await both).toEqual([[true], [true]])
  })

  it('answers each of many callers with its own verdicts, whatever the batches', async () => {
    const opinion = open({ limits: { ...SECOND_OPINION_LIMITS, batchChecksMax: 3 } })
    const secret = new Uint8Array(32).fill(3) as SecretKey
    const message = new Uint8Array([1])
    const genuine = {
      key: nodeCrypto.publicKeyOf(secret),
      message,
      signature: nodeCrypto.sign(secret, message),
    }
    const lists = [forged(2), [genuine], [...forged(1), genuine], [], forged(4), [genuine, genuine]]
    const given = await Promise.all(lists.map((list) => answers(opinion, 'a', list)))
    expect(given).toEqual([[false, false], [true], [false, true], [], Array(4).fill(false), [true, true]])
  })
})

describe('a worker thread that ends', () => {
  const dying = {
    kind: 'text',
    text: "require('node:worker_threads').parentPort.on('message', () => process.exit(3))",
  } as const
  const throwing = { kind: 'text', text: "throw new Error('self-test failed')" } as const

  it('makes pending checks fail with the fault `worker`, those that wait as well', async () => {
    const opinion = open({ source: dying })
    const outcomes = await Promise.allSettled([
      opinion.verdicts('a', forged(2)),
      opinion.verdicts('b', forged(1)),
    ])
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'FaultError', code: 'worker' } })
    }
  })

  it('before its first verdict, as one does that fails the self-test, gives none', async () => {
    const opinion = open({ source: throwing })
    await expect(opinion.verdicts('a', forged(1))).rejects.toMatchObject({
      code: 'worker',
      cause: { message: 'self-test failed' },
    })
  })

  it('is started again by the next check', async () => {
    const fragile = {
      kind: 'text',
      text: `require('node:worker_threads').parentPort.on('message', ({ checks }) => {
        if (checks.length === 2) process.exit(3)
        require('node:worker_threads').parentPort.postMessage({ accepted: checks.map(() => true) })
      })`,
    } as const
    const opinion = open({ source: fragile })
    await expect(opinion.verdicts('a', forged(2))).rejects.toMatchObject({ code: 'worker' })
    expect(await answers(opinion, 'a', forged(1))).toEqual([true])
    await expect(opinion.verdicts('a', forged(2))).rejects.toMatchObject({ code: 'worker' })
    expect(await answers(opinion, 'a', forged(1))).toEqual([true])
  })
})

describe('closing the second opinion', () => {
  it('fails what is pending and what comes later with the fault `worker`, and may happen twice', async () => {
    const opinion = open()
    const [pending] = await Promise.allSettled([
      opinion.verdicts('a', forged(3)),
      opinion.close(),
      opinion.close(),
    ])
    expect(pending).toMatchObject({ status: 'rejected', reason: { code: 'worker' } })
    await expect(opinion.verdicts('a', forged(1))).rejects.toMatchObject({ code: 'worker' })
  })
})
