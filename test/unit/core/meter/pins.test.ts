import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { METER_SECTION, METER_VERSION } from '../../../../src/core/meter/injected.ts'
import { custom, single } from './build.ts'
import { CORPUS, corpusModule, IMPORTS, vectorPath } from './corpus.ts'
import { engine } from './engine.ts'
import { metered } from './run.ts'

interface Pin {
  readonly module: string
  readonly metered: string
}

const PINS = JSON.parse(readFileSync(vectorPath('pins.json'), 'utf8')) as {
  readonly meterVersion: number
  readonly sha256: Readonly<Record<string, Pin>>
}
const CONFIG = { imports: IMPORTS, startGas: 1_000_000, exportGlobals: true }

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

describe('the output of the meter', () => {
  it('is pinned for the version: other bytes need another METER_VERSION', () => {
    const now = CORPUS.map((name): [string, Pin] => {
      const bytes = corpusModule(name)
      return [name, { module: sha256(bytes), metered: sha256(metered(bytes, CONFIG).bytes) }]
    })
    expect({ meterVersion: METER_VERSION, sha256: Object.fromEntries(now) }).toEqual(PINS)
  })

  it.each(CORPUS)('is the same for the same module and configuration: %s', (name) => {
    const bytes = corpusModule(name)
    expect(metered(bytes, CONFIG)).toEqual(metered(new Uint8Array(bytes), { ...CONFIG }))
  })

  it('carries the version, alone of all custom sections', () => {
    const { bytes, meterVersion } = metered(
      single([], {}, { after: [custom('name', [0, 1, 0]), custom('other')] }),
    )
    const sections = (name: string) => engine.Module.customSections(new engine.Module(bytes), name)
    expect(sections(METER_SECTION).map((found) => Buffer.from(found).toString())).toEqual([
      `${METER_VERSION}`,
    ])
    expect([...sections('name'), ...sections('other')]).toEqual([])
    expect(meterVersion).toBe(METER_VERSION)
  })
})
