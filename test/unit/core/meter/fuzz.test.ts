import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { METER_CONFIG } from '../../../../src/core/meter/config.ts'
import { meter } from '../../../../src/core/meter/meter.ts'
import { corpusModule, IMPORTS } from './corpus.ts'
import { engine } from './engine.ts'
import { mutated } from './mutate.ts'
import { program } from './program.ts'
import { Tape } from './tape.ts'

const CONFIG = { ...METER_CONFIG, imports: IMPORTS, startGas: 1_000_000 }

/** Whatever comes in: no throw, and what is accepted was valid and is valid. */
function expectSound(bytes: Uint8Array): void {
  const result = meter(bytes, CONFIG)
  if (!result.ok) return
  expect(engine.validate(bytes)).toBe(true)
  expect(engine.validate(result.value.bytes)).toBe(true)
}

describe('bytes of any kind are refused or come out valid', () => {
  const choices = fc.array(fc.nat(1_000_000), { maxLength: 40, size: 'max' })

  it.each(['c-o2', 'c-o0', 'assemblyscript', 'rust'])('modules of %s with some changes', (name) => {
    const bytes = corpusModule(name)
    const numRuns = name === 'rust' ? 40 : 300
    fc.assert(
      fc.property(choices, (tape) => expectSound(mutated(bytes, new Tape(tape)))),
      { numRuns },
    )
  })

  it('generated programs with some changes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { maxLength: 150, size: 'max' }), choices, (tape, changes) => {
        expectSound(mutated(program(new Tape(tape)), new Tape(changes)))
      }),
      { numRuns: 700 },
    )
  })

  it('a module cut anywhere', () => {
    const bytes = corpusModule('c-o2')
    for (let length = 0; length < bytes.length; length++) expectSound(bytes.subarray(0, length))
  })

  it('a module with any one byte changed', () => {
    const bytes = corpusModule('assemblyscript').slice(0)
    for (let at = 0; at < 600; at++) {
      const before = bytes[at] as number
      for (const byte of [before ^ 0x80, before + 1, 0x0b]) {
        bytes[at] = byte
        expectSound(bytes)
      }
      bytes[at] = before
    }
  })

  it('noise behind a preamble', () => {
    const noise = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(noise, (tail) => expectSound(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...tail]))),
      { numRuns: 1000 },
    )
    fc.assert(fc.property(noise, (bytes) => expectSound(bytes)))
  })
})
