import { microMoved } from './fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: economy.md, "Stake and slashing". */
export const stakePayload = payloadSchema('Locks credits of the own account as stake', {
  amount: microMoved.describe('micro-credits'),
})
