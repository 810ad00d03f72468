import { microMoved } from './fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: economy.md, "Stake and slashing". */
export const unstakePayload = payloadSchema('Starts the unbonding of stake', {
  amount: microMoved.describe('micro-credits'),
})
