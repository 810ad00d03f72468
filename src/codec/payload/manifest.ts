import * as z from 'zod'
import { content } from './content.ts'
import { credentials } from './credentials.ts'
import {
  bytes,
  chosenKey,
  count,
  distinct,
  durationMs,
  integer,
  micro,
  name,
  optionalMap,
  ppm,
  text,
} from './fields.ts'
import { payloadSchema } from './payload-schema.ts'

const CAPABILITIES_MAX = 32
const TAGS_MAX = 32
const ZONES_MAX = 16
const HOSTS_MAX = 32
const SCHEMA_BYTES_MAX = 8_192
const QUOTE_BYTES_MAX = 16_384

const limits = optionalMap({
  zones: distinct(name, ZONES_MAX, 1).exactOptional().describe('where the work is done'),
  isolation: z.enum(['vm', 'sandbox', 'none']).exactOptional().describe('isolation in which it is done'),
  input_bytes_max: count.exactOptional().describe('largest input, bytes'),
  gas_max: count.exactOptional().describe('most gas that it will use'),
  outbound: distinct(chosenKey, HOSTS_MAX, 1)
    .exactOptional()
    .describe('hosts that it must reach, as host:port'),
}).describe('what the agent asks for and keeps to')

const capability = z
  .strictObject({
    name: name.describe('capability'),
    about: text(0, 1_024).describe('for people'),
    task_types: distinct(name, TAGS_MAX).describe('kinds of task; none: any'),
    input_schema: content(SCHEMA_BYTES_MAX).exactOptional().describe('JSON Schema of its input'),
    output_schema: content(SCHEMA_BYTES_MAX).exactOptional().describe('JSON Schema of its output'),
    tags: distinct(name, TAGS_MAX).describe('words to find it by'),
    constraints: limits,
    price: micro.describe('usual price of a task, micro-credits'),
    latency: durationMs.exactOptional().describe('usual time for a task, ms'),
    success_rate: ppm.exactOptional().describe('share of tasks that succeed, as the agent says'),
  })
  .describe('one thing that the agent offers')

/** Source: economy.md, "Registry, marketplace, channels, governance, breakers". */
export const manifestPayload = payloadSchema('Says what the sender offers; replaces its earlier manifests', {
  version: integer(1, 2 ** 31 - 1).describe('rises with each manifest of a sender'),
  label: text(1, 200).describe('for people'),
  capabilities: distinct(capability, CAPABILITIES_MAX, 0, (offer) => offer.name).describe(
    'none: it offers nothing any more',
  ),
  credentials: credentials.exactOptional().describe('what others attest of the sender'),
  attestation: bytes(1, QUOTE_BYTES_MAX).exactOptional().describe('SGX DCAP quote of a trusted environment'),
})
