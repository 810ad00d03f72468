import type { Parameters } from '../../model/parameters.ts'

/** Values as they stand on the wire: integers, amounts as decimal texts. */
export function parametersToWire(parameters: Parameters): Record<string, number | string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  )
}
