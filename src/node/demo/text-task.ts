/** The task of the demonstrations: statistics of a text, by the module that is shipped. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cidOf, RAW } from '../../codec/cid.ts'
import { wasmCapability } from '../../codec/job/wasm-capability.ts'
import type { MicroText } from '../../model/micro.ts'
import type { InputOf } from '../../sdk/client.ts'
import { offline } from '../offline.ts'
import { wanted } from './acts.ts'
import type { ClusterNode } from './cluster.ts'

const MODULE = fileURLToPath(new URL('../../../examples/workers/text-stats.wasm', import.meta.url))
const LIAR = fileURLToPath(new URL('../../../examples/workers/text-stats-liar.mjs', import.meta.url))
const INLINE_MAX = 32_768
const OWNER = 'demo'

/** A module is named by its CID, so that anybody can do its work again. */
export function moduleCapability(): string {
  return wasmCapability(cidOf(readFileSync(MODULE), offline.crypto.sha256, RAW))
}

/** Puts the module into the node's store. Faults `worker` where the node refuses. */
export async function moduleWay({ api }: ClusterNode): Promise<InputOf<'agentAdd'>['way']> {
  const { cid } = await wanted(api.putContent(readFileSync(MODULE), OWNER))
  return { kind: 'wasm', module: cid }
}

/** A program that says it does what the module does. */
export const LIAR_WAY: InputOf<'agentAdd'>['way'] = {
  kind: 'exec',
  command: [process.execPath, LIAR],
  unsafe: true,
}

/** Amounts in micro-credits. */
export interface Offered {
  readonly capability: string
  readonly budget: string
  readonly bounty: string
}

/** A NEED for the statistics of these bytes. Faults `worker` where the node refuses them. */
export async function wishFor(
  { api }: ClusterNode,
  input: Uint8Array,
  { capability, budget, bounty }: Offered,
): Promise<InputOf<'need'>> {
  const content =
    input.length <= INLINE_MAX
      ? { base64: Buffer.from(input).toString('base64') }
      : { cid: (await wanted(api.putContent(input, OWNER))).cid as never, size: input.length }
  return {
    idempotency_key: randomUUID(),
    capability,
    label: 'statistics of a text',
    input: content,
    budget: budget as MicroText,
    verify_bounty: bounty as MicroText,
  }
}
