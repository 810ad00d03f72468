import * as z from 'zod'
import { type Gate, parseJson, runTool, unreadable } from './gate.ts'

const named = z.array(z.object({ name: z.string() }))
const reportShape = z.object({ issues: z.array(z.looseObject({ file: z.string() })) })

/** knip: files, exports and dependencies that nothing uses, and imports that nothing declares. */
export const deadCode: Gate = {
  name: 'dead-code',
  about: 'knip: unused files, exports and dependencies, undeclared ones',
  async run(root) {
    const run = await runTool(root, 'knip/bin/knip.js', [
      '--config',
      'config/dev/knip.json',
      '--reporter',
      'json',
      '--no-progress',
    ])
    const report = reportShape.safeParse(parseJson(run.stdout))
    if (!report.success) throw unreadable('knip', run)
    const problems = report.data.issues.flatMap(({ file, ...kinds }) =>
      Object.entries(kinds).flatMap(([kind, list]) => {
        const found = named.safeParse(list)
        return (found.data ?? []).map(({ name }) => ({ file, message: `${kind}: ${name}` }))
      }),
    )
    if (run.code !== 0 && problems.length === 0) throw unreadable('knip', run)
    return problems
  },
}
