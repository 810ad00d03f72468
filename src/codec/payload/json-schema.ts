import * as z from 'zod'
import { type Kind, VERBS } from './verbs.ts'

/**
 * JSON Schema (2020-12) of a verb's payload, for documentation: links and bytes stand as dag-json writes them,
 * amounts as texts. Rules between fields are not in it.
 */
export function payloadJsonSchema(kind: Kind): z.core.JSONSchema.BaseSchema {
  // Links and bytes are custom checks, which say by their metadata what they are.
  return z.toJSONSchema(VERBS[kind].payload, { unrepresentable: 'any' })
}
