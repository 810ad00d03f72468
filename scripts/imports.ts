/**
 * Import direction: reads every module with oxc's parser and holds its imports against the table in
 * scripts/import-table.ts. Seen are `import` and `export … from` (with `type` told apart), `import()`,
 * `import('x').T`, `require('x')`, and `new URL('x', import.meta.url)`, by which workers are named.
 */
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { type Argument, type Expression, type ParseResult, parseSync, Visitor } from 'oxc-parser'
import { filesUnder } from './gates/files.ts'
import type { Gate, Problem } from './gates/gate.ts'
import { APART, IMPORT_TABLE, type ImportRow, SIBLINGS_BY_LINE } from './import-table.ts'

const MODULE = /^(?:src|bin|config|scripts|test)\/.*\.(?:ts|mjs|js)$/u
const TYPE_ONLY = /^(?:import|export)\s+type\b/u

interface Import {
  readonly from: string
  /** As written; undefined when it is computed. */
  readonly to: string | undefined
  readonly typeOnly: boolean
}

interface Module {
  readonly imports: readonly Import[]
  readonly broken: boolean
}

/** Imports point inward only (the table of docs/development.md). */
export const imports: Gate = {
  name: 'imports',
  about: 'imports point inward only',
  run: (root) => Promise.resolve(findWrongImports(root)),
}

function findWrongImports(root: string): readonly Problem[] {
  const files = filesUnder(root).filter((file) => MODULE.test(file))
  if (!files.some((file) => file.startsWith('src/'))) throw new Error('no module was read under src')
  const siblings = readSiblings(root)
  const found = files.flatMap((file) => {
    if (rowOf(file) === undefined)
      return [{ file, message: 'lies in a folder without a row in scripts/import-table.ts' }]
    const module = importsOf(file, readFileSync(join(root, file), 'utf8'))
    const unread = module.broken ? [{ file, message: 'is not a module that the parser can read' }] : []
    return unread.concat(module.imports.flatMap((one) => judge(one, siblings)))
  })
  return [...found, ...siblingCycles(siblings)]
}

/** What one file imports, in no particular order. */
function importsOf(file: string, source: string): Module {
  const parsed = parseSync(file, source)
  const found: Import[] = []
  const add = (to: string | undefined, typeOnly: boolean): void =>
    void found.push({ from: file, to, typeOnly })
  for (const { moduleRequest, start } of parsed.module.staticImports) {
    add(moduleRequest.value, TYPE_ONLY.test(source.slice(start)))
  }
  for (const { entries, start } of parsed.module.staticExports) {
    const to = entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest?.value
    if (to !== undefined) add(to, TYPE_ONLY.test(source.slice(start)))
  }
  visitExpressions(parsed, add)
  return { imports: found, broken: parsed.errors.length > 0 }
}

function visitExpressions(
  parsed: ParseResult,
  add: (to: string | undefined, typeOnly: boolean) => void,
): void {
  new Visitor({
    ImportExpression: ({ source }) => add(textOf(source), false),
    TSImportType: ({ source }) => add(textOf(source), true),
    CallExpression({ callee, arguments: [first] }) {
      if (callee.type === 'Identifier' && callee.name === 'require') add(textOf(first), false)
    },
    NewExpression({ callee, arguments: [first, base] }) {
      const named = callee.type === 'Identifier' && callee.name === 'URL' && base?.type === 'MemberExpression'
      const to = named ? textOf(first) : undefined
      if (to?.endsWith('.ts') === true) add(to, false)
    },
  }).visit(parsed.program)
}

function textOf(node: Expression | Argument | undefined): string | undefined {
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}

function judge(one: Import, siblings: Siblings): readonly Problem[] {
  const row = rowOf(one.from)
  const wrong = (message: string): readonly Problem[] => [{ file: one.from, message }]
  if (row === undefined) return [] // told once for the file
  if (one.to === undefined) {
    return one.from.startsWith('src/') ? wrong('imports a computed name, which nothing can follow') : []
  }
  if (isBuiltin(one.to))
    return row.node ? [] : wrong(`imports ${one.to}: ${row.folder} may not import Node's modules`)
  if (!one.to.startsWith('.')) return judgePackage(one.to, row).flatMap(wrong)
  const target = posix.join(posix.dirname(one.from), one.to)
  return judgeFile({ ...one, to: target }, row, siblings).flatMap(wrong)
}

function judgePackage(specifier: string, row: ImportRow): readonly string[] {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (row.packages.includes('*') || row.packages.includes(name)) return []
  return [`imports ${name}: ${row.folder} may import ${listed(row.packages, 'no package')}`]
}

function judgeFile(
  one: Import & { readonly to: string },
  row: ImportRow,
  siblings: Siblings,
): readonly string[] {
  const from = placeOf(one.from)
  const to = placeOf(one.to)
  if (from === to) return []
  if (isWithin(from, SIBLINGS_BY_LINE) && isWithin(to, SIBLINGS_BY_LINE)) return judgeSibling(one, siblings)
  if (isWithin(one.to, row.folder) && !isWithin(one.to, APART)) return []
  if (row.from.some((folder) => isWithin(one.to, folder))) return []
  if (row.typesFrom.some((folder) => isWithin(one.to, folder))) {
    return one.typeOnly ? [] : [`imports a value of ${one.to}: ${row.folder} may import its types only`]
  }
  return [
    `imports ${one.to}: ${row.folder} may import ${listed([...row.from, ...row.typesFrom.map(typesOf)], 'nothing')}`,
  ]
}

/** Which of its sisters a folder of the core may import, by the one line of its `imports.txt`. */
type Siblings = ReadonlyMap<string, readonly string[]>

function readSiblings(root: string): Siblings {
  const lines = filesUnder(root, 'src/core').filter((file) => posix.basename(file) === 'imports.txt')
  return new Map(
    lines.map((file) => {
      const names = readFileSync(join(root, file), 'utf8')
        .split(/[\s,]+/u)
        .filter((name) => name !== '')
      return [posix.dirname(file), names.map((name) => `${SIBLINGS_BY_LINE}${name}`)]
    }),
  )
}

function judgeSibling({ from, to }: Import & { readonly to: string }, siblings: Siblings): readonly string[] {
  const folder = placeOf(from)
  if (siblings.get(folder)?.includes(placeOf(to)) === true) return []
  return [`imports ${to}: ${folder}/imports.txt does not name ${posix.basename(placeOf(to))}`]
}

/** Two folders of the core that need each other share an idea that belongs in the model. */
function siblingCycles(siblings: Siblings): readonly Problem[] {
  const reaches = (from: string, goal: string, seen: ReadonlySet<string>): boolean =>
    (siblings.get(from) ?? []).some(
      (next) => next === goal || (!seen.has(next) && reaches(next, goal, new Set([...seen, next]))),
    )
  return [...siblings.keys()]
    .filter((folder) => reaches(folder, folder, new Set()))
    .map((folder) => ({ file: `${folder}/imports.txt`, message: 'comes back to its own folder' }))
}

function rowOf(file: string): ImportRow | undefined {
  return IMPORT_TABLE.filter(({ folder }) => isWithin(file, folder)).toSorted(
    (a, b) => b.folder.length - a.folder.length,
  )[0]
}

/** The folder that counts as one place: a folder of the core, an adapter, else the row's own folder. */
function placeOf(file: string): string {
  for (const fence of [SIBLINGS_BY_LINE, APART]) {
    if (file.startsWith(fence)) return `${fence}${file.slice(fence.length).split('/', 1)[0]}`
  }
  return rowOf(file)?.folder ?? file
}

function isWithin(path: string, folder: string): boolean {
  const bare = folder.replace(/\/$/u, '')
  return path === bare || path.startsWith(`${bare}/`)
}

function listed(names: readonly string[], none: string): string {
  return names.length === 0 ? none : `${names.join(', ')} only`
}

function typesOf(folder: string): string {
  return `types of ${folder}`
}
