import * as z from 'zod'

/** What holding an output against a JSON Schema came to. */
export type SchemaFinding =
  | { readonly kind: 'follows' }
  | { readonly kind: 'breaks'; readonly why: string }
  /** The schema itself cannot be used: that says nothing of the output. */
  | { readonly kind: 'unusable'; readonly why: string }

/** Keywords whose values are patterns: a stranger's pattern can take for ever on a stranger's text. */
const PATTERNS = ['pattern', 'patternProperties'] as const

/**
 * Holds an output, JSON, against a JSON Schema (draft 2020-12, draft 7 or draft 4), both by strangers. Schemas with patterns
 * are not used. Source: operations.md, "Agents" (verification modes).
 */
export function checkOutput(schema: Uint8Array, output: Uint8Array): SchemaFinding {
  const parsed = attempt(() => parseJson(schema))
  if (parsed === undefined) return { kind: 'unusable', why: 'the schema is no JSON' }
  if (hasPattern(parsed.value)) return { kind: 'unusable', why: 'schemas with patterns are not used' }
  const compiled = attempt(() => z.fromJSONSchema(parsed.value as Parameters<typeof z.fromJSONSchema>[0]))
  if (compiled === undefined) return { kind: 'unusable', why: 'the schema cannot be read' }
  const value = attempt(() => parseJson(output))
  if (value === undefined) return { kind: 'breaks', why: 'the output is no JSON' }
  const checked = attempt(() => compiled.value.safeParse(value.value))
  if (checked === undefined) return { kind: 'unusable', why: 'the schema cannot be applied' }
  return checked.value.success
    ? { kind: 'follows' }
    : { kind: 'breaks', why: checked.value.error.message.slice(0, 1_024) }
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}

function hasPattern(value: unknown): boolean {
  const waiting = [value]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue
    const keys = Object.keys(next)
    if (PATTERNS.some((keyword) => keys.includes(keyword))) return true
    waiting.push(...Object.values(next).filter((one) => one !== undefined && one !== null))
  }
  return false
}

/** What strangers wrote may make a reader throw, or run out of stack. */
function attempt<Value>(act: () => Value): { readonly value: Value } | undefined {
  try {
    return { value: act() }
  } catch {
    return undefined
  }
}
