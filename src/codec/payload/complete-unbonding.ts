import { payloadSchema } from './payload-schema.ts'

/** Source: economy.md, "Stake and slashing". */
export const completeUnbondingPayload = payloadSchema('Frees all stake whose unbonding is over', {})
