/**
 * Writes into the documents what is known from the code: `npm run docs`. The import table, the tables of the policy
 * runtime, the command line, the local API, the state machines, and the verbs.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { allCommands } from '../src/cli/commands.ts'
import { apiReference } from './api-reference.ts'
import { cliReference } from './cli-reference.ts'
import { IMPORT_TABLE, type ImportRow, SIBLINGS_BY_LINE } from './import-table.ts'
import { POLICY_TABLES } from './policy-tables.ts'
import { stateMachines } from './state-machines.ts'
import { verbReference } from './verb-reference.ts'

const COMMANDS = await allCommands()

/** Documents that are written whole, by file. */
export const WRITTEN: Readonly<Record<string, () => string>> = {
  'docs/api.md': apiReference,
  'docs/cli.md': () => cliReference(COMMANDS),
  'docs/state-machines.md': stateMachines,
  'docs/verbs.md': verbReference,
}

/** A table within a document, between marks that name it. */
export interface TableInDocument {
  readonly file: string
  readonly name: string
  readonly write: () => string
}

export const TABLES: readonly TableInDocument[] = [
  { file: 'docs/development.md', name: 'import table', write: importTable },
  ...POLICY_TABLES.map((table) => ({ file: 'docs/policy.md', ...table })),
]

/** The import table as Markdown, one row a folder. */
function importTable(): string {
  const rows = IMPORT_TABLE.map(line)
  return [
    '| folder | may import | types only | packages | Node |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

/** What stands between the two marks of a table; undefined without them. */
export function tableIn(text: string, name: string): string | undefined {
  const { begin, end } = marksOf(name)
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  return from < 0 || to < from ? undefined : text.slice(from + begin.length, to)
}

function marksOf(name: string) {
  return { begin: `<!-- ${name}: npm run docs -->\n`, end: `<!-- end of ${name} -->` }
}

function writeTable({ file, name, write }: TableInDocument): void {
  const path = new URL(`../${file}`, import.meta.url)
  const text = readFileSync(path, 'utf8')
  const old = tableIn(text, name)
  if (old === undefined) throw new Error(`${file} has lost the marks of its ${name}`)
  const { begin, end } = marksOf(name)
  writeFileSync(
    path,
    text.replace(`${begin}${old}${end}`, () => `${begin}${write()}${end}`),
  )
}

function line({ folder, from, typesFrom, packages, node }: ImportRow): string {
  const siblings = `${folder}/` === SIBLINGS_BY_LINE ? ['siblings named in its `imports.txt`'] : []
  const cells = [
    `\`${bare(folder)}\``,
    [...from.map(bare), ...siblings].join(', '),
    typesFrom.map(bare).join(', '),
    packages.includes('*') ? 'any' : packages.join(', '),
    node ? 'yes' : '',
  ]
  return `| ${cells.map((cell) => (cell === '' ? '–' : cell)).join(' | ')} |`
}

function bare(path: string): string {
  return path.replace(/^src\//u, '')
}

if (import.meta.main) {
  for (const table of TABLES) writeTable(table)
  for (const [name, write] of Object.entries(WRITTEN)) {
    writeFileSync(new URL(`../${name}`, import.meta.url), write())
  }
}
