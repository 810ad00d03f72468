import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { capsuleCid } from '../../../src/codec/capsule/capsule.ts'
import { decodeDagCbor } from '../../../src/codec/dag-cbor/decode.ts'
import { encodeDagJson } from '../../../src/codec/dag-json/encode.ts'
import { policyInputOf } from '../../../src/codec/envelope/policy-input.ts'
import { readBody } from '../../../src/codec/envelope/read-body.ts'
import type { Ipld } from '../../../src/codec/ipld.ts'
import type { CheckedCapsule } from '../../../src/core/policy/capsule-check.ts'
import { inputOfDraft } from '../../../src/core/policy/input.ts'
import { judgeList } from '../../../src/core/policy/judge-list.ts'
import type { Did } from '../../../src/model/ids.ts'
import { genesisText, parseGenesis } from '../../../src/node/network.ts'
import { DEFAULT_POLICY } from '../../../src/node/policy/files.ts'
import { defaultCapsule, genesisCapsule } from '../../../src/node/policy/genesis-capsule.ts'
import { findOpa, OPA_VERSION } from '../../../src/node/policy/opa.ts'
import { openPolicyEngine } from '../../../src/node/policy/runtime.ts'
import { canswarm, scratch } from '../../setup/canswarm.ts'
import { TEXT_ONLY, unwrapped } from '../../setup/policies.ts'
import { NET, PAYLOADS, sha256, usualDraft } from '../../setup/policy-bodies.ts'

const place = scratch()
const author = join(place.path, 'author')
const other = join(place.path, 'other')
const capsule = join(place.path, 'text-only.capsule')
const image = { ...PAYLOADS.NEED, task_type: 'image/draw' }
const hasOpa = findOpa(process.env) !== undefined

function file(name: string, content: string | Uint8Array): string {
  const path = join(place.path, name)
  writeFileSync(path, content)
  return path
}

/** An input as people write it. */
function textOf(input: Uint8Array): string {
  return encodeDagJson(unwrapped(decodeDagCbor(input)))
}

async function json(args: readonly string[], home: string) {
  const { code, stdout, stderr } = await canswarm([...args, '--json'], { home })
  return { code, data: JSON.parse(stdout === '' ? stderr : stdout) }
}

beforeAll(async () => {
  await canswarm(['init', '--dev'], { home: author })
  await canswarm(['init', '--network', join(author, 'genesis.json')], { home: other })
  const signed = await canswarm(['policy', 'sign', TEXT_ONLY, '--out', capsule], { home: author })
  expect([signed.code, signed.stderr]).toEqual([0, ''])
})

describe('canswarm policy inspect', () => {
  it('shows hash, author, imports, exports and the gas of each case of what comes with canswarm', async () => {
    const { code, data } = await json(['policy', 'inspect', 'default'], other)
    expect(code).toBe(0)
    const [hash] = readFileSync(join(DEFAULT_POLICY, 'policy.wasm.sha256'), 'utf8').split(' ')
    expect(data).toMatchObject({ policy_engine_hash: hash, host_functions: [], capsule: null })
    expect(data.imports).toContain('env.opa_abort')
    expect(data.exports).toContain('opa_eval')
    expect(data.exports.some((name: string) => name.startsWith('meter:'))).toBe(false)
    expect(data.cases.length).toBeGreaterThan(60)
    for (const { gas, difference } of data.cases) expect([gas > 10_000, difference]).toEqual([true, null])
  })

  it('checks a capsule of another home of the same network', async () => {
    const { code, data } = await json(['policy', 'inspect', capsule], other)
    expect(code).toBe(0)
    expect(data.capsule).toMatchObject({ label: 'text only', gas_limit: 4_000_000, schema: 1 })
    expect(data.capsule.author).toMatch(/^did:key:z6Mk/)
    expect(data.host_functions).toEqual(['sprintf'])
    const { stdout } = await canswarm(['policy', 'inspect', capsule], { home: other })
    expect(stdout).toContain('(signature right)')
    expect(stdout).toMatch(/^need-image +\d+ +deny: rule text_only at payload\.task_type$/mu)
  })

  it('refuses it for another network, and asks for one where there is none', async () => {
    const net = 'bafyreibppav6zjwes7qj5ynwpplkcibajdyz5f7x4e3euwgucxhhwpwnty'
    const wrong = await json(['policy', 'inspect', capsule, '--network', net], other)
    expect([wrong.code, wrong.data.error.code]).toEqual([4, 'BAD_SIGNATURE'])
    const none = await json(['policy', 'inspect', capsule], join(place.path, 'nowhere'))
    expect([none.code, none.data.error.todo]).toEqual([2, expect.stringContaining('--network')])
  })

  it('refuses it with one bit changed, by a reason for each place', async () => {
    const bytes = new Uint8Array(readFileSync(capsule))
    const refused = placesIn(bytes).map(async (at) => {
      const copy = bytes.slice()
      copy[at] = (copy[at] as number) ^ 1
      const { code, data } = await json(['policy', 'inspect', file(`bad-${at}.capsule`, copy)], other)
      expect(code).toBe(4)
      return `${data.error.code} ${data.error.field}`
    })
    expect(new Set(await Promise.all(refused)).size).toBe(3)
  })

  it('says of what is no policy what it is not', async () => {
    const cases: [string, string][] = [
      [file('text.wasm', 'package x'), 'MALFORMED'],
      [file('half.wasm', new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0])), 'MALFORMED'],
      [join(place.path, 'no-such-file'), 'store-io'],
    ]
    const found = cases.map(
      async ([path]) => (await json(['policy', 'inspect', path], other)).data.error.code,
    )
    expect(await Promise.all(found)).toEqual(cases.map(([, code]) => code))
    const empty = join(place.path, 'empty')
    mkdirSync(empty)
    const { data } = await json(['policy', 'inspect', empty], other)
    expect(data.error.message).toContain('canswarm policy build')
  })
})

/** One byte of the signature, of a case and of the module. */
function placesIn(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes)
  return [
    text.indexOf('signature') + 'signature'.length + 20,
    text.indexOf('Summarise') + 2,
    text.indexOf('\0asm') + 5_000,
  ]
}

describe('canswarm policy eval', () => {
  it('allows and denies, with reasons that read well', async () => {
    const usual = file('usual.json', textOf(inputOfDraft(usualDraft('NEED'))))
    const allowed = await canswarm(['policy', 'eval', 'default', usual], { home: other })
    expect([allowed.code, allowed.stdout]).toEqual([0, expect.stringMatching(/^allow {2}\d+ gas\n$/u)])
    const dear = file('dear.json', textOf(inputOfDraft(usualDraft('NEED', overCap()))))
    const denied = await canswarm(['policy', 'eval', 'default', dear], { home: other })
    expect(denied.code).toBe(4)
    expect(denied.stdout).toContain(
      '  - payload.verify_bounty is over the cap of its task class, 10000000 micro-credits\n',
    )
  })

  it('reads inputs line by line from standard input, and answers each in order', async () => {
    const lines = [PAYLOADS.NEED, image].map((payload) => textOf(inputOfDraft(usualDraft('NEED', payload))))
    const { code, stdout } = await canswarm(['policy', 'eval', capsule, '-', '--json'], {
      home: other,
      stdin: lines.join('\n'),
    })
    expect(code).toBe(4)
    expect(JSON.parse(stdout).verdicts).toMatchObject([
      { allow: true, denials: [] },
      { allow: false, denials: [{ rule: 'text_only', field: 'payload.task_type' }] },
    ])
  })

  it('says apart what takes too much gas', async () => {
    const usual = file('again.json', textOf(inputOfDraft(usualDraft('NEED'))))
    const { code, data } = await json(['policy', 'eval', 'default', usual, '--gas-limit', '1000'], other)
    expect([code, data.verdicts]).toEqual([
      4,
      [{ allow: false, denials: [{ rule: 'runtime.gas', limit: 1000 }], gas: 1000 }],
    ])
  })

  it('refuses what is no input', async () => {
    const texts = ['nonsense', '[1]', '{"a": 1.5}']
    const ended = texts.map((stdin) => canswarm(['policy', 'eval', 'default', '-'], { home: other, stdin }))
    expect((await Promise.all(ended)).map(({ code }) => code)).toEqual([2, 4, 4])
  })
})

function overCap() {
  return { ...PAYLOADS.NEED, verify_bounty: '10000001' as (typeof PAYLOADS.NEED)['verify_bounty'] }
}

/** Makes a case of a folder expect one gas more; the gas that it uses. */
function raiseGas(folder: string, id: string): number {
  const path = join(folder, 'cases.jsonl')
  let gas = Number.NaN
  const text = readFileSync(path, 'utf8').replace(
    new RegExp(`"gas":(\\d+)(?=,"id":"${id}",)`, 'u'),
    (_, used) => {
      gas = Number(used)
      return `"gas":${gas + 1}`
    },
  )
  writeFileSync(path, text)
  return gas
}

describe('canswarm policy test', () => {
  it('runs the cases, and fails with the one that is decided otherwise', async () => {
    const folder = join(place.path, 'tested')
    cpSync(TEXT_ONLY, folder, { recursive: true })
    const right = await json(['policy', 'test', folder], other)
    expect([right.code, right.data.passed, right.data.failed]).toEqual([0, 5, 0])
    const gas = raiseGas(folder, 'need')
    const wrong = await canswarm(['policy', 'test', folder], { home: other })
    expect([wrong.code, wrong.stdout]).toEqual([
      1,
      expect.stringContaining(`FAILED: used ${gas} gas, expected ${gas + 1}`),
    ])
  })

  it('writes the gas of cases that have none, once they are decided as they say', async () => {
    const folder = join(place.path, 'recorded')
    cpSync(TEXT_ONLY, folder, { recursive: true })
    const path = join(folder, 'cases.jsonl')
    const before = readFileSync(path, 'utf8')
    writeFileSync(path, before.replaceAll(/"gas":\d+,/gu, ''))
    const refused = await json(['policy', 'sign', folder, '--out', join(place.path, 'never')], author)
    expect([refused.code, refused.data.error.message]).toEqual([4, expect.stringContaining('--record')])
    expect((await json(['policy', 'test', folder, '--record'], other)).data.recorded).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe(before)
  })
})

describe('canswarm policy sign', () => {
  it('claims no case that fails, and writes over no file', async () => {
    const folder = join(place.path, 'claimed')
    cpSync(TEXT_ONLY, folder, { recursive: true })
    const again = await canswarm(['policy', 'sign', folder, '--out', capsule], { home: author })
    expect(again.code).not.toBe(0)
    raiseGas(folder, 'need')
    const { code, data } = await json(['policy', 'sign', folder, '--out', join(place.path, 'false')], author)
    expect([code, data.error.message]).toEqual([4, expect.stringContaining('the case need fails')])
  })
})

describe('canswarm policy what-if', () => {
  it('lists every decision of the last threads that would be another', async () => {
    const payloads = [PAYLOADS.NEED, image, { ...PAYLOADS.NEED, label: 'A secret' }]
    for (const [n, payload] of payloads.entries()) {
      const need = file(`need-${n}.json`, encodeDagJson({ ...payload, idempotency_key: `what-if-${n}` }))
      const signed = await canswarm(['envelope', 'sign', '--kind', 'NEED', '--payload', need], {
        home: other,
      })
      expect([signed.code, signed.stderr]).toEqual([0, ''])
    }
    const all = await json(['policy', 'what-if', capsule], other)
    expect(all).toMatchObject({ code: 0, data: { threads: 3, envelopes: 3, unreadable: 0 } })
    expect(all.data.changes).toMatchObject([
      {
        kind: 'NEED',
        before: { allow: true },
        after: { allow: false, reasons: ['rule text_only at payload.task_type'] },
      },
      {
        kind: 'NEED',
        before: { allow: true },
        after: { allow: false, reasons: ['rule reserved_word at payload.label'] },
      },
    ])
    const last = await canswarm(['policy', 'what-if', capsule, '--threads', '1'], { home: other })
    expect(last.stdout).toContain('1 of 1 decisions in 1 threads would change')
    const none = await canswarm(['policy', 'what-if', 'default'], { home: other })
    expect(none.stdout).toBe('0 of 3 decisions in 3 threads would change\n')
  })
})

describe('canswarm policy build', () => {
  it('says where there is no OPA how to get it', async () => {
    const env = { PATH: '/nonexistent', XDG_CACHE_HOME: place.path }
    const { code, stderr } = await canswarm(['policy', 'build', TEXT_ONLY], { home: other, env })
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`go install github.com/open-policy-agent/opa@v${OPA_VERSION}`),
    ])
  })

  it.skipIf(!hasOpa)('compiles Rego to the bytes that are committed', async () => {
    const folder = join(place.path, 'built')
    cpSync(DEFAULT_POLICY, folder, { recursive: true })
    rmSync(join(folder, 'policy.wasm.br'))
    const { code, data } = await json(['policy', 'build', folder], other)
    expect(code).toBe(0)
    expect(readFileSync(join(DEFAULT_POLICY, 'policy.wasm.sha256'), 'utf8')).toContain(
      data.policy_engine_hash,
    )
    const tested = await json(['policy', 'test', folder], other)
    expect(tested).toMatchObject({ code: 0, data: { failed: 0, rego: { passed: true } } })
  })

  it.skipIf(!hasOpa)(
    'builds, tests and asks the policy of the guide, which prints what the guide says',
    async () => {
      const guide = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8')
      const folder = join(place.path, 'my-policy')
      mkdirSync(folder)
      const rego = /^```rego\n(?<text>[\s\S]*?)^```/mu.exec(guide)?.groups?.['text'] ?? ''
      writeFileSync(join(folder, 'policy.rego'), rego)
      writeFileSync(
        join(folder, 'cases.jsonl'),
        GUIDE_CASES.map((one) => `${JSON.stringify(one)}\n`).join(''),
      )
      const dear = { kind: 'NEED', payload: { task_type: 'image/draw', budget: '2000000' } }
      const commands = [
        ['build', folder],
        ['test', folder, '--record'],
        ['eval', folder, file('dear-image.json', JSON.stringify(dear))],
      ]
      for (const command of commands) {
        const { stdout } = await canswarm(['policy', ...command], { home: other })
        const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('file '))
        expect(lines.length).toBeGreaterThan(2)
        for (const line of lines) expect(guide).toContain(`${line}\n`)
      }
    },
  )

  it.skipIf(!hasOpa)(
    'refuses Rego that is wrong, with the words of the compiler, and data files',
    async () => {
      const folder = join(place.path, 'wrong')
      mkdirSync(folder)
      writeFileSync(join(folder, 'policy.rego'), 'package canswarm.policy\n\ndecision := nonsense(1)\n')
      const wrong = await json(['policy', 'build', folder], other)
      expect([wrong.code, wrong.data.error.message]).toEqual([
        4,
        expect.stringContaining('undefined function'),
      ])
      writeFileSync(join(folder, 'policy.rego'), 'package canswarm.policy\n\ndecision := data.more\n')
      writeFileSync(join(folder, 'data.json'), '{"more": true}')
      expect((await json(['policy', 'build', folder], other)).data.error.message).toContain('no data files')
    },
  )

  it.skipIf(!hasOpa)('refuses a policy that asks the host for more than it does', async () => {
    const folder = join(place.path, 'clock')
    mkdirSync(folder)
    writeFileSync(join(folder, 'policy.rego'), 'package canswarm.policy\n\ndecision := time.now_ns()\n')
    const { code, data } = await json(['policy', 'build', folder], other)
    expect([code, data.error.code, data.error.field]).toEqual([4, 'UNKNOWN_CAPABILITY', 'time.now_ns'])
  })
})

const GUIDE_CASES = [
  {
    id: 'text',
    input: { kind: 'NEED', payload: { task_type: 'text/summarize', budget: '900000' } },
    decision: { allow: true, denials: [] },
  },
  {
    id: 'image',
    input: { kind: 'NEED', payload: { task_type: 'image/draw', budget: '900000' } },
    decision: { allow: false, denials: [{ rule: 'text_only', field: 'payload.task_type' }] },
  },
]

describe('canswarm envelope sign in a network whose genesis names the default policy', () => {
  const home = join(place.path, 'policed')
  let named = ''

  beforeAll(async () => {
    const { genesis } = unwrapped(parseGenesis(readFileSync(join(author, 'genesis.json'))))
    const engine = openPolicyEngine()
    const bundle = unwrapped(defaultCapsule(genesis.voters[0] as Did, engine))
    await engine.close()
    named = capsuleCid(bundle.capsule, sha256).toString()
    const founded = file('policed.json', genesisText({ ...genesis, capsule: named }))
    await canswarm(['init', '--network', founded], { home })
  })

  function signing(name: string, payload: object) {
    const need = file(name, encodeDagJson(payload as Ipld))
    return canswarm(['envelope', 'sign', '--kind', 'NEED', '--payload', need], { home })
  }

  it('asks it first: the envelope names it and carries the digest that everybody will find', async () => {
    const { code, stdout } = await signing('right.json', PAYLOADS.NEED)
    expect(code).toBe(0)
    const { net } = unwrapped(parseGenesis(readFileSync(join(home, 'genesis.json'))))
    const body = Uint8Array.fromBase64(JSON.parse(stdout).body['/'].bytes)
    const read = unwrapped(readBody(body, { net, sha256 }))
    expect(read.body.capsule.toString()).toBe(named)
    const engine = openPolicyEngine()
    const opened = unwrapped(parseGenesis(readFileSync(join(home, 'genesis.json'))))
    const policy = unwrapped(genesisCapsule(opened, engine)) as CheckedCapsule
    const [judgement] = judgeList(policy, [policyInputOf(body)], sha256)
    expect(read.body.digest).toEqual(judgement?.digest)
    await engine.close()
  })

  it('signs nothing that it denies, and says why', async () => {
    const { code, stdout, stderr } = await signing('denied.json', { ...overCap(), idempotency_key: 'other' })
    expect([code, stdout]).toEqual([4, ''])
    expect(stderr).toContain('POLICY_DENIED')
    expect(stderr).toContain('payload.verify_bounty is over the cap of its task class')
  })

  it('signs nothing where the network has a policy that is not here', async () => {
    const { genesis } = unwrapped(parseGenesis(readFileSync(join(author, 'genesis.json'))))
    const foreign = file('foreign.json', genesisText({ ...genesis, capsule: NET.toString() }))
    const elsewhere = join(place.path, 'foreign')
    await canswarm(['init', '--network', foreign], { home: elsewhere })
    const need = file('foreign-need.json', encodeDagJson(PAYLOADS.NEED))
    const { code, stderr } = await canswarm(['envelope', 'sign', '--kind', 'NEED', '--payload', need], {
      home: elsewhere,
    })
    expect([code, stderr]).toEqual([4, expect.stringContaining('WRONG_CAPSULE')])
  })
})
