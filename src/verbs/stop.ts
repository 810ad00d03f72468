import * as z from 'zod'
import { ok } from '../model/result.ts'
import { nothing } from './fields.ts'
import { defineVerb } from './verb.ts'

/** Answers before anything ends: whoever asked waits for the process, or for the socket to go. */
export const stop = defineVerb({
  name: 'stop',
  summary: 'Hand over what the node leads, flush, and end it',
  input: nothing,
  output: z.strictObject({ pid: z.int() }),
  rejects: [],
  handle: (_input, services) => {
    services.clock.after(STOP_AFTER_MS, () => services.stop('asked over the API'))
    return ok({ pid: services.identity.pid })
  },
})

/** The answer leaves first. */
const STOP_AFTER_MS = 20
