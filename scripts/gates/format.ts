import * as z from 'zod'
import { type Gate, parseJson, runTool, unreadable } from './gate.ts'

const reportShape = z.object({
  summary: z.object({ changed: z.number(), unchanged: z.number(), errors: z.number() }),
  diagnostics: z.array(z.object({ message: z.string(), location: z.object({ path: z.string() }) })),
})

/** Biome as the one formatter, with sorted imports. `npm run format` mends what this finds. */
export const format: Gate = {
  name: 'format',
  about: 'Biome: layout and order of imports',
  async run(root) {
    const args = [
      'ci',
      '--config-path',
      'config/dev/format.json',
      '--reporter=json',
      '--max-diagnostics=none',
      '.',
    ]
    const run = await runTool(root, '@biomejs/biome/bin/biome', args)
    const report = reportShape.safeParse(parseJson(jsonOf(run.stdout)))
    if (!report.success) throw unreadable('biome', run)
    const { summary, diagnostics } = report.data
    if (summary.changed + summary.unchanged === 0) throw unreadable('biome', run)
    if (run.code !== 0 && diagnostics.length === 0) throw unreadable('biome', run)
    return diagnostics.map(({ message, location }) => ({ file: location.path, message }))
  },
}

/** The one line of JSON, which may stand between a terminal's colour codes. */
function jsonOf(output: string): string {
  const line = output.split('\n').find((one) => one.includes('{"summary"')) ?? ''
  return line.slice(line.indexOf('{'), line.lastIndexOf('}') + 1)
}
