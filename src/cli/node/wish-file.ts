import { parseIpld } from '../../codec/dag-json/parse-ipld.ts'
import type { Ipld } from '../../codec/ipld.ts'
import { isKind } from '../../codec/payload/verbs.ts'
import type { Context } from '../context.ts'
import { refuse, unwrap, usageError } from '../failure.ts'
import type { Wish } from './envelope-draft.ts'
import { readInput } from './input.ts'

const FILE_BYTES_MAX = 8_388_608

/** What to sign: one payload of the verb `kind`, or, without it, a line {"kind", "payload"} for each. */
export async function readWishes(context: Context, path: string, kind?: string): Promise<readonly Wish[]> {
  const text = Buffer.from(await readInput(context, path, FILE_BYTES_MAX)).toString('utf8')
  if (kind !== undefined) return [wish(kind, parseJson(text, path), path)]
  const wishes = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const place = `${path}:${index + 1}`
    const parsed = parseJson(line, place)
    const { kind: verb, payload } = (parsed ?? {}) as { kind?: unknown; payload?: unknown }
    return [wish(verb, payload, place)]
  })
  if (wishes.length === 0) throw usageError(`${path} names nothing to sign`)
  return wishes
}

function wish(kind: unknown, payload: unknown, place: string): Wish {
  if (typeof kind !== 'string' || !isKind(kind)) {
    refuse('MALFORMED', `no verb ${JSON.stringify(kind)}`, place)
  }
  const parsed: Ipld = unwrap(parseIpld(payload, 'payload'), place)
  return { place, kind, payload: parsed }
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw usageError(`${place} is not JSON: ${(cause as Error).message}`)
  }
}
