import { did, microMoved, text } from './fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: economy.md, "Ledger". */
export const transferPayload = payloadSchema('Gives credits to another account', {
  to: did.describe('who gets them'),
  amount: microMoved.describe('micro-credits'),
  memo: text(1, 256).exactOptional().describe('for people'),
})
