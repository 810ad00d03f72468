import { payloadSchema } from './payload-schema.ts'

/** Source: economy.md, "Pools, reputation, committees" (starts unbonding). */
export const deregisterPayload = payloadSchema('Ends the registration as a verifier', {})
