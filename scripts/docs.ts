/**
 * Writes into the documents what is known from the code: `npm run docs`. The import table, the command line, and
 * the verbs.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { COMMANDS } from '../src/cli/commands.ts'
import { cliReference } from './cli-reference.ts'
import { IMPORT_TABLE, type ImportRow, SIBLINGS_BY_LINE } from './import-table.ts'
import { verbReference } from './verb-reference.ts'

export const TABLE_FILE = 'docs/development.md'

/** Documents that are written whole, by file. */
export const WRITTEN: Readonly<Record<string, () => string>> = {
  'docs/cli.md': () => cliReference(COMMANDS),
  'docs/verbs.md': verbReference,
}

const BEGIN = '<!-- import table: npm run docs -->\n'
const END = '<!-- end of import table -->'

/** The import table as Markdown, one row a folder. */
export function importTable(): string {
  const rows = IMPORT_TABLE.map(line)
  return [
    '| folder | may import | types only | packages | Node |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

/** What stands between the two marks of a document; undefined without them. */
export function tableIn(text: string): string | undefined {
  const from = text.indexOf(BEGIN)
  const to = text.indexOf(END)
  return from < 0 || to < from ? undefined : text.slice(from + BEGIN.length, to)
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
  const file = new URL(`../${TABLE_FILE}`, import.meta.url)
  const text = readFileSync(file, 'utf8')
  const old = tableIn(text)
  if (old === undefined) throw new Error(`${TABLE_FILE} has lost the marks of its import table`)
  writeFileSync(file, text.replace(`${BEGIN}${old}${END}`, `${BEGIN}${importTable()}${END}`))
  for (const [name, write] of Object.entries(WRITTEN)) {
    writeFileSync(new URL(`../${name}`, import.meta.url), write())
  }
}
