import { afterEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { CID, cidOf, RAW } from '../../../../src/codec/cid.ts'
import type { SingleEnvelope } from '../../../../src/codec/envelope/verify-single.ts'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import type { JudgeWork } from '../../../../src/core/agent/work.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import { reject } from '../../../../src/model/rejection.ts'
import type { ContentStore } from '../../../../src/ports/content-store.ts'
import type { RunOutcome } from '../../../../src/ports/runner.ts'
import { type JudgeWorld, judgeResult, type ToJudge } from '../../../../src/services/roles/judge-result.ts'
import { MemoryContent } from '../../../setup/memory-content.ts'
import { capabilityOf, FunctionRunner, hashing, needOfKey } from '../../../setup/troupe.ts'

const { sha256 } = nodeCrypto
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const cidText = (bytes: Uint8Array): string => cidOf(bytes, sha256, RAW).toString()
const SENDER = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'

let content = new MemoryContent()
afterEach(() => {
  content = new MemoryContent()
})

function needOf(changes: Partial<Payload<'NEED'>>): SingleEnvelope<'NEED'> {
  const payload = needOfKey('a', { input: { inline: utf8('the sky is blue') }, ...changes })
  return { id: cidText(utf8('need')), body: { payload, sender: SENDER } } as unknown as SingleEnvelope<'NEED'>
}

const verifiedBy = (verification: Payload<'NEED'>['verification']) => needOf({ verification })

interface Asked extends Partial<ToJudge> {
  readonly proof?: JudgeWork['proof']
  /** What was delivered. */
  readonly output?: Uint8Array
  readonly world?: Partial<JudgeWorld>
}

function judge({ proof, output = utf8('{}'), world = {}, ...changes }: Asked) {
  const artifact = cidText(output)
  const work: JudgeWork = {
    kind: 'judge',
    key: 'k',
    attempt: 0,
    commit: 'c',
    artifact,
    ...(proof === undefined ? {} : { proof }),
  }
  const commit = {
    id: 'c',
    body: { sender: SENDER, payload: { artifact: { inline: output } } },
  } as unknown as SingleEnvelope<'COMMIT'>
  const asked = { need: needOf({}), work, commit, capability: capabilityOf(hashing()), ...changes }
  const given = { content: content as unknown as ContentStore, sha256, resultOf: () => undefined, ...world }
  return judgeResult(asked, given, new AbortController().signal)
}

const ending = (outcome: RunOutcome, isDeterministic = true) => {
  const runner = new FunctionRunner(() => outcome)
  return capabilityOf(Object.assign(runner, { isDeterministic }) as FunctionRunner)
}
const usage = { bytes: 0, wallMs: 0 }

describe('by doing it again', () => {
  it('the same bytes are right, and other bytes wrong', async () => {
    const right = sha256(utf8('the sky is blue'))
    expect(await judge({ output: right })).toMatchObject({ verdict: 'accept', gas: 1 })
    expect(await judge({ output: utf8('no') })).toMatchObject({ verdict: 'reject' })
  })

  it('the same bytes under another name are right', async () => {
    const right = sha256(utf8('the sky is blue'))
    const asked = { kind: 'judge', key: 'k', attempt: 0, commit: 'c' } as const
    const work = { ...asked, artifact: cidOf(right, sha256).toString() }
    content.blocks.set(work.artifact, right)
    expect(await judge({ work, commit: undefined })).toMatchObject({ verdict: 'accept' })
    content.blocks.set(work.artifact, new Uint8Array([...right, 0]))
    expect(await judge({ work, commit: undefined })).toMatchObject({ verdict: 'reject' })
  })

  it.each([
    [
      'a failure of a deterministic task',
      { kind: 'failed', exit: { kind: 'trap' }, stderr: '', usage },
      true,
      'reject',
    ],
    [
      'a failure of any other',
      { kind: 'failed', exit: { kind: 'code', code: 1 }, stderr: '', usage },
      false,
      'unavailable',
    ],
    ['gas that ran out', { kind: 'limited', limit: 'gas', stderr: '', usage }, true, 'reject'],
    ['time that ran out', { kind: 'limited', limit: 'wall', stderr: '', usage }, true, 'unavailable'],
    ['a refused job', { kind: 'refused', code: 'missing', why: 'no such file' }, true, 'unavailable'],
  ] as const)('%s decides as it should', async (_, outcome, isDeterministic, verdict) => {
    expect(await judge({ capability: ending(outcome, isDeterministic) })).toMatchObject({ verdict })
  })

  it('without a program, or without the input, it is unavailable', async () => {
    expect(await judge({ capability: undefined })).toMatchObject({ verdict: 'unavailable' })
    const need = needOf({ input: { cid: CID.parse(cidText(utf8('lost'))), size: 4 } })
    expect(await judge({ need })).toMatchObject({ verdict: 'unavailable', reason: /content-not-found/u })
  })

  it('a machine that fails is asked again', async () => {
    let runs = 0
    const runner = new FunctionRunner(({ input }) => {
      runs += 1
      if (runs < 3) throw new FaultError('worker', 'thread died')
      return sha256(input)
    })
    const output = sha256(utf8('the sky is blue'))
    expect(await judge({ output, capability: capabilityOf(runner) })).toMatchObject({ verdict: 'accept' })
    expect(runs).toBe(3)
  })

  it('what the capsule says against it counts', async () => {
    const gate = () => Promise.resolve(reject('POLICY_DENIED', 'gas was claimed that was not used'))
    const output = sha256(utf8('the sky is blue'))
    expect(await judge({ output, world: { gate } })).toMatchObject({ verdict: 'reject', reason: /gas/u })
  })
})

describe('by a schema', () => {
  const need = verifiedBy({
    mode: 'schema',
    schema: { inline: utf8('{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}') },
  })

  it.each([
    ['{"n":1}', 'accept'],
    ['{"n":"1"}', 'reject'],
    ['no json', 'reject'],
  ])('%s: %s', async (output, verdict) => {
    expect(await judge({ need, output: utf8(output) })).toMatchObject({ verdict })
  })

  it('that cannot be used it is unavailable', async () => {
    const broken = verifiedBy({ mode: 'schema', schema: { inline: utf8('{"pattern":"(a+)+"}') } })
    expect(await judge({ need: broken })).toMatchObject({ verdict: 'unavailable' })
  })
})

describe('by citations', () => {
  const need = verifiedBy({ mode: 'citations' })
  const claim = (citation: object) => utf8(JSON.stringify({ claims: [{ text: 'x', citations: [citation] }] }))

  it.each([
    [claim({ quote: 'sky is' }), 'accept'],
    [claim({ quote: 'sky', start: 4, end: 7 }), 'accept'],
    [claim({ quote: 'sky', start: 5, end: 8 }), 'reject'],
    [claim({ quote: 'grass' }), 'reject'],
    [claim({ quote: '' }), 'reject'],
    [utf8('{"claims":[{"text":"x","citations":[]}]}'), 'reject'],
    [utf8('[]'), 'reject'],
    [new Uint8Array([255]), 'reject'],
  ])('case %#', async (output, verdict) => {
    expect(await judge({ need, output })).toMatchObject({ verdict })
  })
})

describe('by a command', () => {
  const need = verifiedBy({ mode: 'judge', criteria: 'is it blue' })

  it.each([
    ['{"verdict":"accept"}', 'accept'],
    ['{"verdict":"reject","reason":"no"}', 'reject'],
    ['{"verdict":"maybe"}', 'unavailable'],
    ['hm', 'unavailable'],
  ])('that prints %s: %s', async (printed, verdict) => {
    const command = new FunctionRunner(() => utf8(printed))
    const capability = capabilityOf(hashing(), { judge: command })
    expect(await judge({ need, capability, output: utf8('result') })).toMatchObject({ verdict })
    expect(command.jobs[0]?.files).toEqual([
      { name: 'artifact', bytes: utf8('result') },
      { name: 'criteria', bytes: utf8('is it blue') },
    ])
  })

  it('that is not there it is unavailable', async () => {
    expect(await judge({ need })).toMatchObject({ verdict: 'unavailable' })
  })
})

describe('a proof', () => {
  it('of another mode than the need has proves nothing', async () => {
    expect(await judge({ proof: 'SCHEMA_VIOLATION', output: utf8('wrong') })).toMatchObject({
      verdict: 'accept',
    })
    expect(await judge({ proof: 'OUTPUT_MISMATCH', output: utf8('wrong') })).toMatchObject({
      verdict: 'reject',
    })
  })

  it('of a breach asks the capsule', async () => {
    const gate = () => Promise.resolve(reject('POLICY_DENIED', 'no'))
    expect(await judge({ proof: 'POLICY_BREACH' })).toMatchObject({ verdict: 'accept' })
    expect(await judge({ proof: 'POLICY_BREACH', world: { gate } })).toMatchObject({ verdict: 'reject' })
  })
})
