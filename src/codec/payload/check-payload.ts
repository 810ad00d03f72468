import * as z from 'zod'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { checkSchema } from '../schema-check.ts'
import { type Kind, type Payload, VERBS } from './verbs.ts'

/** Made when a verb is first seen: compiling costs some milliseconds, and saves nine tenths of each check. */
const compiled = new Map<Kind, z.ZodType>()

/**
 * The value itself, typed, when it is a payload of the verb. Rejects MALFORMED and TOO_LARGE with the path of the
 * first offence, as in `payload.ops[3].task_id`. The size of the whole payload is not looked at here.
 */
export function checkPayload<K extends Kind>(kind: K, value: unknown): Result<Payload<K>, Rejection> {
  // To a schema a byte string without bytes is a map without keys.
  if (value instanceof Uint8Array) return reject('MALFORMED', 'expected a map', 'payload')
  const checked = checkSchema(schemaOf(kind), value, 'payload')
  return checked.ok ? ok(checked.value as Payload<K>) : checked
}

function schemaOf(kind: Kind): z.ZodType {
  const known = compiled.get(kind)
  if (known !== undefined) return known
  const schema: z.ZodType = z.compile(VERBS[kind].payload)
  compiled.set(kind, schema)
  return schema
}
