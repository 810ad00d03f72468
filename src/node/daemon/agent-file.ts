import { existsSync, readFileSync } from 'node:fs'
import * as z from 'zod'
import { parseContentCid } from '../../codec/cid.ts'
import { FaultError } from '../../model/fault.ts'
import type { AgentSpec, AgentWay } from '../../verbs/services.ts'
import { writeWhole } from './write-whole.ts'

const command = z.array(z.string()).min(1)
const wayShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('exec'), command, isUnsafe: z.boolean() }),
  z.strictObject({ kind: z.literal('wasm'), module: z.string() }),
  z.strictObject({ kind: z.literal('hand') }),
  z.strictObject({ kind: z.literal('parts'), split: command, join: command, isUnsafe: z.boolean() }),
])
const specShape = z.strictObject({
  name: z.string(),
  capability: z.string(),
  way: wayShape,
  priceMicro: z.string(),
  parallelMax: z.int().min(1),
  works: z.boolean(),
  judges: z.boolean(),
  challenges: z.boolean().default(false),
})
const fileShape = z.strictObject({ v: z.literal(1), agents: z.array(specShape) })

/** What `writeSpecs` wrote; nothing where there is no file. Faults `config` for any other file. */
export function readSpecs(path: string): readonly AgentSpec[] {
  if (!existsSync(path)) return []
  const parsed = fileShape.safeParse(parseJson(path))
  if (!parsed.success)
    throw new FaultError('config', `${path}: ${parsed.error.issues[0]?.message ?? 'not valid'}`)
  return parsed.data.agents.map((one) => ({
    ...one,
    priceMicro: BigInt(one.priceMicro),
    way: one.way.kind === 'wasm' ? { kind: 'wasm', module: cidOrFault(path, one.way.module) } : one.way,
  }))
}

/** Replaces the file as a whole. */
export function writeSpecs(path: string, specs: readonly AgentSpec[]): void {
  const agents = specs.map((spec) => ({
    ...spec,
    priceMicro: String(spec.priceMicro),
    way: plainWay(spec.way),
  }))
  writeWhole(path, `${JSON.stringify({ v: 1, agents }, undefined, 2)}\n`)
}

function plainWay(way: AgentWay): object {
  return way.kind === 'wasm' ? { kind: 'wasm', module: way.module.toString() } : way
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new FaultError('config', `${path} cannot be read`, { cause })
  }
}

function cidOrFault(path: string, text: string) {
  const cid = parseContentCid(text)
  if (!cid.ok) throw new FaultError('config', `${path}: ${cid.error.message}`)
  return cid.value
}
