import { needId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: lifecycle.md, entry `cancel`. */
export const cancelPayload = payloadSchema('Takes a need back while it is OPEN', { need_id: needId })
