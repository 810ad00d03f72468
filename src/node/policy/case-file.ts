import type { ConformanceCase } from '../../codec/capsule/case.ts'
import { parseCase } from '../../codec/capsule/case.ts'
import { encodeDagJson } from '../../codec/dag-json/encode.ts'
import { parseIpld } from '../../codec/dag-json/parse-ipld.ts'
import { isMap } from '../../codec/ipld.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'

/** A case as its author writes it: without `gas` until it has been run. */
export interface WrittenCase extends Omit<ConformanceCase, 'gas'> {
  readonly gas: number | undefined
}

/**
 * Reads a file of cases: JSON lines { id, input, decision, gas? }, blank lines left out. Rejects MALFORMED and
 * TOO_LARGE with line and path; DUPLICATE for an id that stands twice.
 */
export function parseCaseFile(text: string): Result<readonly WrittenCase[], Rejection> {
  const cases = new Map<string, WrittenCase>()
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const place = `line ${at + 1}`
    const one = parseLine(line, place)
    if (!one.ok) return one
    if (cases.has(one.value.id)) return reject('DUPLICATE', `${one.value.id} stands twice`, place)
    cases.set(one.value.id, one.value)
  }
  return ok([...cases.values()])
}

function parseLine(line: string, place: string): Result<WrittenCase, Rejection> {
  const json = parsed(line)
  if (json === undefined) return reject('MALFORMED', 'no JSON', place)
  const value = parseIpld(json, place)
  if (!value.ok) return value
  const isRun = isMap(value.value) && Object.hasOwn(value.value, 'gas')
  const complete = isRun || !isMap(value.value) ? value.value : { ...value.value, gas: 0 }
  const one = parseCase(complete, place)
  return one.ok ? ok({ ...one.value, gas: isRun ? one.value.gas : undefined }) : one
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // said by the caller, with the place
  }
}

/** The file of cases with their gas, a line each, by id. */
export function caseFileText(cases: readonly ConformanceCase[]): string {
  const lines = cases
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, input, decision, gas }) => encodeDagJson({ id, input, decision: { ...decision }, gas }))
  return `${lines.join('\n')}\n`
}
