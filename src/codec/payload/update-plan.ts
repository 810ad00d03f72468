import { payloadSchema } from './payload-schema.ts'
import { planPatch } from './plan-patch.ts'

/** Source: plan-and-storage.md, "Plan documents". */
export const updatePlanPayload = payloadSchema('Changes the plan of the thread', { patch: planPatch })
