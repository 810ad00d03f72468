import { credentials } from './credentials.ts'
import { distinct, integer, microMoved, name } from './fields.ts'
import { payloadSchema } from './payload-schema.ts'

const CAPABILITIES_MAX = 64

/** Source: economy.md, "Pools, reputation, committees". */
export const registerPayload = payloadSchema('Registers the sender as a verifier', {
  stake: microMoved.describe('stake that backs its seats, micro-credits'),
  capabilities: distinct(name, CAPABILITIES_MAX, 1).describe('what it can judge'),
  org_id: name.exactOptional().describe('organisation'),
  asn: integer(1, 4_294_967_295).exactOptional().describe('autonomous system number'),
  region: name.exactOptional().describe('region of the world'),
  credentials: credentials.exactOptional().describe('who attests organisation, system and region'),
})
