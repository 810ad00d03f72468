import { afterAll, describe, expect, it } from 'vitest'
import { openOpaEngine } from '../../../../src/adapters/opa-wasm/engine.ts'
import { meterPolicy } from '../../../../src/core/policy/meter-policy.ts'
import type { Rejection } from '../../../../src/model/rejection.ts'
import { openPolicyEngine } from '../../../../src/node/policy/runtime.ts'
import { AT, type ModuleParts, OP, opaModule } from '../../../setup/opa-module.ts'
import { sha256 } from '../../../setup/policy-bodies.ts'

const engine = openPolicyEngine()
afterAll(() => engine.close())

function refusal(wasm: Uint8Array): Rejection | undefined {
  const loaded = engine.load(wasm)
  return loaded.ok ? undefined : loaded.error
}

function refusalOf(parts: ModuleParts): Rejection | undefined {
  return refusal(opaModule(parts))
}

describe('what is no policy is refused at load, with its reason', () => {
  it('bytes that are no WebAssembly, and a module that is cut off', () => {
    expect(refusal(new Uint8Array())).toMatchObject({ code: 'MALFORMED' })
    expect(refusal(new TextEncoder().encode('package canswarm.policy'))).toMatchObject({ code: 'MALFORMED' })
    expect(refusal(opaModule().slice(0, -3))).toMatchObject({ code: 'MALFORMED' })
  })

  it('more than 2,097,152 bytes', () => {
    expect(refusal(new Uint8Array(2_097_153))).toMatchObject({ code: 'TOO_LARGE' })
  })

  it.each(['builtins', 'entrypoints', 'opa_eval', 'opa_malloc', 'opa_json_dump', 'opa_wasm_abi_version'])(
    'no export %s',
    (name) => {
      const refused = refusalOf({ without: [name] })
      expect(refused).toMatchObject({ code: 'MALFORMED', field: 'wasm.exports' })
      expect(refused?.message).toContain(name)
    },
  )

  it('an ABI before 1.2', () => {
    expect(refusalOf({ abiMinor: 1 })).toMatchObject({ code: 'MALFORMED', field: 'wasm.exports' })
    expect(refusalOf({ abiMinor: 2 })).toBeUndefined()
  })

  it('an import that is not of the ABI, by its name', () => {
    expect(refusalOf({ imports: ['fd_write'] })?.message).toContain('env.fd_write')
  })

  it('a function of the ABI with another type', () => {
    expect(refusalOf({ imports: ['opa_builtin0'] })?.message).toContain('env.opa_builtin0')
  })

  it.each([
    'http.send',
    'time.now_ns',
    'rand.intn',
    'opa.runtime',
    'net.lookup_ip_addr',
    'trace',
    'nonsense',
  ])('a policy that asks the host for %s', (name) => {
    const refused = refusalOf({ builtins: JSON.stringify({ [name]: 0 }) })
    expect(refused).toMatchObject({ code: 'UNKNOWN_CAPABILITY', field: name })
    expect(refused?.message).toContain(name)
  })

  it('no entrypoint for decisions, naming those that are there', () => {
    const refused = refusalOf({ entrypoints: '{"example/allow":0}' })
    expect(refused).toMatchObject({ code: 'MALFORMED', field: 'wasm.entrypoints' })
    expect(refused?.message).toContain('example/allow')
  })

  it('names that are no map of names to numbers', () => {
    for (const builtins of [
      '',
      'null',
      '7',
      '{"sprintf":"0"}',
      '{"sprintf":0.5}',
      '{"a":',
      `{"${'x'.repeat(70_000)}":0}`,
    ]) {
      expect(refusalOf({ builtins })).toMatchObject({ code: 'MALFORMED' })
    }
  })

  it('dropping a data segment, which could not be undone', () => {
    const evaluate = [...OP.dataDrop(0), ...OP.i32(AT.allow)]
    expect(refusalOf({ passive: 'once', evaluate })?.message).toContain('drops no data')
  })

  it('a start that traps, gives up or takes too much gas', () => {
    expect(refusalOf({ start: OP.unreachable })).toMatchObject({ code: 'MALFORMED' })
    expect(refusalOf({ start: [...OP.i32(AT.allow), ...OP.call(0)] })).toMatchObject({ code: 'MALFORMED' })
    const endless = { start: [...OP.loop, ...OP.br(0), ...OP.end] }
    expect(refusalOf(endless)).toMatchObject({ code: 'MALFORMED' })
  })

  it('more memory than a policy may have', () => {
    expect(refusalOf({ pages: 257 })).toMatchObject({ code: 'MALFORMED' })
    expect(refusalOf({ pages: 256 })).toBeUndefined()
  })
})

describe('a loaded policy', () => {
  it('is named by the hash of its bytes as they came, not as they were metered', () => {
    const wasm = opaModule()
    const loaded = engine.load(wasm)
    expect(loaded.ok && loaded.value.hash).toEqual(sha256(wasm))
  })

  it('is compiled once for the same bytes, and again when it was forgotten', async () => {
    let metered = 0
    const small = openOpaEngine({
      sha256,
      modulesMax: 2,
      meter: (wasm) => {
        metered += 1
        return meterPolicy(wasm)
      },
    })
    const one = opaModule()
    const others = [opaModule({ pages: 2 }), opaModule({ pages: 3 })]
    small.load(one)
    small.load(one.slice())
    expect(metered).toBe(1)
    for (const other of others) small.load(other)
    small.load(one)
    expect(metered).toBe(4)
    await small.close()
  })

  it('that was refused is not kept', () => {
    const wasm = opaModule({ without: ['builtins'] })
    expect(refusal(wasm)).toEqual(refusal(wasm))
  })
})
