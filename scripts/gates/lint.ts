import * as z from 'zod'
import { type Gate, parseJson, runTool, unreadable } from './gate.ts'

const FOLDERS = ['bin', 'config', 'scripts', 'src', 'test']
/** Told here: oxlint takes the patterns of a configuration as relative to that file's own folder. */
const PLANTED = 'test/tidy/planted/**'

const reportShape = z.object({
  number_of_files: z.number(),
  diagnostics: z.array(
    z.object({
      message: z.string(),
      code: z.string().optional(),
      // What is said of no file, or of no line of it, is still said.
      filename: z.string().catch('.'),
      labels: z.array(z.object({ span: z.object({ line: z.number() }) })).catch([]),
    }),
  ),
})

/** oxlint with type information (tsgolint): promises, exhaustive switches, cycles, and what the pure folders may not touch. */
export const lint: Gate = {
  name: 'lint',
  about: 'oxlint with type information; the pure folders without ambient time, chance or process',
  async run(root) {
    const args = ['-c', 'config/dev/oxlint.json', '--type-aware', '-f', 'json', '--ignore-pattern', PLANTED]
    const run = await runTool(root, 'oxlint/bin/oxlint', [...args, ...FOLDERS])
    const report = reportShape.safeParse(parseJson(run.stdout))
    if (!report.success || report.data.number_of_files === 0) throw unreadable('oxlint', run)
    const { diagnostics } = report.data
    if (run.code !== 0 && diagnostics.length === 0) throw unreadable('oxlint', run)
    return diagnostics.map(({ filename, labels, message, code }) => ({
      file: filename,
      message: `line ${labels[0]?.span.line ?? '?'}: ${message} [${code ?? 'oxlint'}]`,
    }))
  },
}
