import { describe, expect, it } from 'vitest'
import type { AuditRow } from '../../../../src/core/ledger/book.ts'
import { ALL } from '../../../../src/core/ledger/tables.ts'
import { audited } from '../../../../src/core/machines/audited.ts'
import type { Machines } from '../../../../src/core/witness/machine.ts'

const ROW: AuditRow = { id: 'a/0', operation: 'TRANSFER', amount: 1n, from: 'balance a', to: 'balance b' }

/** A hub that has had seven rows, whose step makes these. */
function hubOf(audit: readonly AuditRow[] | undefined): Machines {
  const step = { writes: [], verdict: { kind: 'applied' }, effects: [], ...(audit && { audit }) }
  return { hub: { apply: () => step } } as unknown as Machines
}

const VIEW = {
  get: (table: string, key: string) => (table === 'audit' && key === ALL ? { rows: 7 } : undefined),
}

function told(audit: readonly AuditRow[] | undefined): unknown[] {
  const heard: unknown[] = []
  const { hub } = audited(hubOf(audit), (first, rows) => heard.push([first, rows]))
  ;(hub.apply as (view: unknown) => unknown)(VIEW)
  return heard
}

describe('machines whose ledger is listened to', () => {
  it('tell what a step of the hub did, by the number of its first row', () => {
    expect(told([ROW, ROW])).toEqual([[8, [ROW, ROW]]])
  })

  it('tell nothing where nothing was done, or the step was refused', () => {
    expect([told([]), told(undefined)]).toEqual([[], []])
  })
})
