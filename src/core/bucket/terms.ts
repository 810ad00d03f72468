import { assert } from '../../model/fault.ts'
import type { View } from '../records/view.ts'
import type { BucketTables, Terms } from './tables.ts'

/**
 * What never changes of a need, with the parameters that it was opened with; undefined where the bucket has none of it.
 * Parameters are kept once for all needs with the same ones: they are larger than all else that stays of a need.
 */
export function termsOf(view: View<BucketTables>, need: string): Terms | undefined {
  const kept = view.get('terms', need)
  if (kept === undefined) return undefined
  const parameters = view.get('parameters', kept.parameters)
  assert(parameters !== undefined, 'what a need was opened with is kept')
  return { ...kept, parameters }
}
