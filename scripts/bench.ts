/**
 * `npm run bench -- NAME [--json]`: runs one benchmark of test/perf and prints its figures as a table;
 * with `--json` the last line is { name, machine, figures: { key: number } }. Without a name it lists
 * what there is.
 */
import { parseArgs } from 'node:util'
import { table } from '../src/cli/table.ts'
import { BENCHMARKS } from '../test/perf/all.ts'
import type { Figure } from '../test/perf/benchmark.ts'
import { machine } from '../test/perf/measure.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } })
process.exitCode = await main(positionals[0], values.json === true)

async function main(name: string | undefined, json: boolean): Promise<number> {
  const benchmark = BENCHMARKS.find((one) => one.name === name)
  if (benchmark === undefined) {
    process.stderr.write(`usage: npm run bench -- NAME [--json]\n\n`)
    process.stderr.write(
      `${table(
        ['name', 'measures'],
        BENCHMARKS.map((one) => [one.name, one.about]),
      )}\n`,
    )
    return name === undefined ? 0 : 2
  }
  const here = machine()
  process.stdout.write(`${benchmark.about}\n${here.cpu}, ${here.cores} cores, Node ${here.node}\n\n`)
  const figures = await benchmark.run()
  process.stdout.write(`${table(['figure', 'value', 'unit', 'aim', 'what it is'], figures.map(row))}\n`)
  if (json) {
    const byKey = Object.fromEntries(figures.map(({ key, value }) => [key, value]))
    process.stdout.write(`${JSON.stringify({ name: benchmark.name, machine: here, figures: byKey })}\n`)
  }
  return 0
}

function row({ key, value, unit, aim, about }: Figure): string[] {
  return [key, digits(value), unit, aim === undefined ? '' : `${unit === 'per_s' ? '>' : '<'} ${aim}`, about]
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
