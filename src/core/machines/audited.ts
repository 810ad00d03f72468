import type { AuditRow } from '../ledger/book.ts'
import { ALL } from '../ledger/tables.ts'
import type { Shape, View } from '../records/view.ts'
import type { HubTables } from '../system/tables.ts'
import type { Machines } from '../witness/machine.ts'

/** Told of what the ledger did in one step of the hub, in order; `first` is the number of the first of them, from 1 on. */
export type OnAudit = (first: number, rows: readonly AuditRow[]) => void

/** The same machines, whose hub tells what its ledger does: the rows are no part of its state. */
export function audited(machines: Machines, onAudit: OnAudit): Machines {
  const { hub } = machines
  return {
    ...machines,
    hub: {
      ...hub,
      apply(view, ...rest) {
        const step = hub.apply(view, ...rest)
        const rows = 'audit' in step && Array.isArray(step.audit) ? (step.audit as readonly AuditRow[]) : []
        if (rows.length > 0) onAudit(rowsSoFar(view) + 1, rows)
        return step
      },
    },
  }
}

function rowsSoFar(view: View<Shape>): number {
  return (view as unknown as View<HubTables>).get('audit', ALL)?.rows ?? 0
}
