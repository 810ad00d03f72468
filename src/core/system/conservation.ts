import { assert } from '../../model/fault.ts'
import { isConserved, recomputeSupply } from '../ledger/conservation.ts'
import { ALL, NO_SUPPLY, type Supply } from '../ledger/tables.ts'
import type { View } from '../records/view.ts'
import type { HubTables } from './tables.ts'

/** All sums, made again from every record: what the ones that are kept must equal. */
export function conservation(view: View<HubTables>): Supply {
  return recomputeSupply(view)
}

/** After every entry: crashes where credits came from nowhere or went there. Source: economy.md, first paragraph. */
export function checkConservation(view: View<HubTables>): void {
  const supply = view.get('supply', ALL) ?? NO_SUPPLY
  assert(isConserved(supply), 'credits in = credits out')
}
