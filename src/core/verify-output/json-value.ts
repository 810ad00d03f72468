import { compareText } from '../../model/compare-text.ts'

/** A JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Members of an object or an array; none of anything else. */
function membersOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return isRecord(value) ? Object.values(value) : []
}

/** True when arrays and objects go no deeper into one another than `depthMax`. */
export function isShallow(value: unknown, depthMax: number): boolean {
  let level = [value]
  for (let depth = 0; depth <= depthMax; depth++) {
    if (level.length === 0) return true
    level = level.flatMap(membersOf)
  }
  return level.length === 0
}

/** True when the value is of the type that JSON Schema calls so. A number without a fraction is an integer too. */
export function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isRecord(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

/**
 * A text that is equal for equal JSON values alone: keys in order, numbers by their value. `step` is told how much it
 * costs, before it is done. The value is shallow.
 */
export function keyOf(value: unknown, step: (count: number) => void): string {
  step(1 + (typeof value === 'string' ? value.length >> 6 : 0))
  if (Array.isArray(value)) return `[${value.map((each) => keyOf(each, step)).join()}]`
  if (!isRecord(value)) return value === 0 ? '0' : JSON.stringify(value)
  const keys = Object.keys(value).sort(compareText)
  return `{${keys.map((key) => `${JSON.stringify(key)}:${keyOf(value[key], step)}`).join()}}`
}

/** Characters as JSON Schema counts them: code points. */
export function charactersIn(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length; at++) if ((text.codePointAt(at) ?? 0) > 0xffff) count--
  return count
}
