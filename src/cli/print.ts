import { styleText } from 'node:util'
import { EXIT } from './exit.ts'
import type { Failure } from './failure.ts'
import type { Listing, Report } from './report.ts'

/** Prints data on standard output and notes on standard error; returns the exit code. */
export async function print(report: Report, json: boolean): Promise<number> {
  if (report.kind === 'listing') return await printRows(report, json)
  process.stdout.write(json ? jsonLine(report.schema, report.data) : `${report.text}\n`)
  for (const note of report.notes) process.stderr.write(`${note}\n`)
  return report.exit
}

async function printRows({ schema, rows }: Listing, json: boolean): Promise<number> {
  for await (const { data, text } of rows) {
    const room = process.stdout.write(json ? jsonLine(schema, data) : `${text}\n`)
    if (!room) await new Promise((resume) => process.stdout.once('drain', resume))
  }
  return EXIT.done
}

function jsonLine(schema: string, data: object): string {
  return `${JSON.stringify({ schema, ...data })}\n`
}

/** Says what happened, why, and what to do, on standard error; returns the exit code. */
export function complain({ exit, code, message, field, why, todo }: Failure, json: boolean): number {
  if (json) {
    process.stderr.write(`${JSON.stringify({ error: { code, message, field, why, todo } })}\n`)
    return exit
  }
  const label = styleText('red', 'error', { stream: process.stderr })
  const at = field === undefined ? '' : ` (${field})`
  process.stderr.write(`${label} ${code}: ${message}${at}\n`)
  if (why !== undefined) process.stderr.write(`  why: ${why}\n`)
  if (todo !== undefined) process.stderr.write(`  do:  ${todo}\n`)
  return exit
}
