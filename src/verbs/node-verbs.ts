/** Verbs about the node itself. */
import * as z from 'zod'
import { reject } from '../model/rejection.ts'
import { ok } from '../model/result.ts'
import { count, LIST_MAX, nothing, timeMs } from './fields.ts'
import { defineVerb } from './verb.ts'

export const logs = defineVerb({
  name: 'logs',
  summary: "The last lines of the node's log; `/v1/logs/follow` goes on from there",
  input: z.strictObject({ last: z.int().min(1).max(LIST_MAX).default(100) }),
  output: z.strictObject({
    lines: z.array(z.looseObject({ time: timeMs, level: z.number(), msg: z.string() })),
  }),
  rejects: [],
  handle: ({ last }, services) => ok({ lines: services.logs.recent(last).map((line) => ({ ...line })) }),
})

export const settings = defineVerb({
  name: 'settings',
  summary: 'Every setting as it is in force, and which of flag, variable, file and default won',
  input: nothing,
  output: z.strictObject({
    settings: z.array(
      z.strictObject({
        key: z.string(),
        value: z.json(),
        origin: z.enum(['flag', 'variable', 'file', 'default']),
      }),
    ),
  }),
  rejects: [],
  handle: (_input, services) =>
    ok({
      settings: services.settings.map(({ key, value, origin }) => ({
        key,
        value: value as z.input<z.ZodJSONSchema>,
        origin,
      })),
    }),
})

export const backup = defineVerb({
  name: 'backup',
  summary: 'Write a consistent copy of the home of the running node into an empty directory',
  input: z.strictObject({ directory: z.string().min(1).max(4_096).describe('an absolute path') }),
  output: z.strictObject({ directory: z.string(), files: count, bytes: count }),
  rejects: ['MALFORMED'],
  handle: async ({ directory }, services, signal) => {
    if (!directory.startsWith('/')) return reject('MALFORMED', 'expected an absolute path', 'directory')
    const { files, bytes } = await services.backups.backup(directory, signal)
    return ok({ directory, files, bytes })
  },
})
