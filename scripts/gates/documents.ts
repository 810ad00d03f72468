import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import * as z from 'zod'
import { TABLES, type TableInDocument, tableIn, WRITTEN } from '../docs.ts'
import { filesUnder } from './files.ts'
import type { Gate, Problem } from './gate.ts'

const ADR = /^docs\/adr\/(?<number>\d{4})-[a-z\d-]+\.md$/u
const ADR_HEADINGS = ['## Context', '## Decision', '## Rejected', '## What would prove it wrong']
const INDEX = 'docs/README.md'

const FENCED = /^(?<fence>```|~~~)[\s\S]*?^\k<fence>/gmu
const CODE = /`[^`\n]*`/gu
const LINK = /\[[^\]]*\]\((?<target>[^()\s]+)\)/gu
const NPM_RUN = /\bnpm run (?<script>[\w-]+(?::[\w-]+)*)/gu
const PATH_IN_CODE = /`(?<path>(?:bin|config|docs|policies|scripts|src|test|\.ci|\.github)\/[\w./-]*)`/gu
const READS_SCRIPTS = /\.md$|^\.ci\/|^\.github\/|^Dockerfile$/u

/** What a document says about this repository and a machine can check. */
export const documents: Gate = {
  name: 'documents',
  about: 'links and named paths exist, npm scripts exist, ADRs are whole, tables are current',
  run(root) {
    const files = filesUnder(root)
    const texts = files.filter((file) => READS_SCRIPTS.test(file)).map((file) => read(root, file))
    const pages = texts.filter(({ file }) => file.endsWith('.md'))
    if (pages.length === 0) throw new Error('no document was read')
    const scripts = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).scripts
    return Promise.resolve([
      ...pages.flatMap((page) => [...brokenLinks(root, page), ...missingPaths(root, page)]),
      ...texts.flatMap((text) => unknownScripts(text, scripts)),
      ...pages.filter(({ file }) => file.startsWith('docs/adr/')).flatMap(judgeAdr),
      ...adrGaps(pages),
      ...unlisted(pages),
      ...TABLES.flatMap((table) => staleTable(table, pages)),
      ...staleReferences(pages),
    ])
  },
}

interface Text {
  readonly file: string
  readonly text: string
}

function read(root: string, file: string): Text {
  return { file, text: readFileSync(join(root, file), 'utf8') }
}

function proseOf(text: string): string {
  return text.replaceAll(FENCED, '').replaceAll(CODE, '')
}

function targetsOf({ text }: Text): readonly string[] {
  return [...proseOf(text).matchAll(LINK)]
    .map(({ groups }) => groups?.['target'] ?? '')
    .filter((target) => !/^[a-z]+:/u.test(target))
}

function brokenLinks(root: string, page: Text): readonly Problem[] {
  return targetsOf(page).flatMap((target) => {
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? page.file : posix.join(posix.dirname(page.file), path)
    if (!existsSync(join(root, file)))
      return [{ file: page.file, message: `links to ${target}, which is not there` }]
    if (anchor === undefined || !file.endsWith('.md')) return []
    const headings =
      read(root, file)
        .text.replaceAll(FENCED, '')
        .match(/^#+ .*/gmu) ?? []
    return headings.map(slugOf).includes(anchor)
      ? []
      : [{ file: page.file, message: `links to ${target}: no such heading` }]
  })
}

function slugOf(heading: string): string {
  const words = heading.replace(/^#+ /u, '').toLowerCase()
  return words
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

/** Paths in code quotes are meant from the root, or from the page's own folder. */
function missingPaths(root: string, { file, text }: Text): readonly Problem[] {
  return [...text.replaceAll(FENCED, '').matchAll(PATH_IN_CODE)]
    .map(({ groups }) => groups?.['path'] ?? '')
    .filter((path) => [root, join(root, posix.dirname(file))].every((base) => !isThere(join(base, path))))
    .map((path) => ({ file, message: `names ${path}, which is not there` }))
}

/** A path that ends in `/` names a folder. */
function isThere(path: string): boolean {
  return existsSync(path) && (!path.endsWith('/') || statSync(path).isDirectory())
}

function unknownScripts({ file, text }: Text, scripts: Readonly<Record<string, string>>): readonly Problem[] {
  return [...text.matchAll(NPM_RUN)]
    .map(({ groups }) => groups?.['script'] ?? '')
    .filter((script) => scripts[script] === undefined)
    .map((script) => ({ file, message: `says "npm run ${script}", which package.json does not have` }))
}

function judgeAdr({ file, text }: Text): readonly Problem[] {
  const number = ADR.exec(file)?.groups?.['number']
  if (number === undefined) return [{ file, message: 'is not named NNNN-title.md' }]
  const lines = text.split('\n')
  const title = new RegExp(`^# ${Number(number)}\\. `, 'u').test(lines[0] ?? '')
  return [
    ...(title ? [] : [{ file, message: `does not open with "# ${Number(number)}. Title"` }]),
    ...ADR_HEADINGS.filter((heading) => !lines.includes(heading)).map((heading) => ({
      file,
      message: `has no "${heading}"`,
    })),
  ]
}

/** Numbers are given once and in order. */
function adrGaps(pages: readonly Text[]): readonly Problem[] {
  const numbered = pages.filter(({ file }) => ADR.test(file)).toSorted((a, b) => (a.file < b.file ? -1 : 1))
  return numbered
    .filter(({ file }, at) => Number(ADR.exec(file)?.groups?.['number']) !== at + 1)
    .slice(0, 1)
    .map(({ file }) => ({ file, message: 'breaks the row of numbers: one is missing or given twice' }))
}

/** Every page under docs is linked from the index. */
function unlisted(pages: readonly Text[]): readonly Problem[] {
  const index = pages.find(({ file }) => file === INDEX)
  const under = pages.filter(({ file }) => file.startsWith('docs/') && file !== INDEX)
  if (index === undefined) return under.length === 0 ? [] : [{ file: INDEX, message: 'is not there' }]
  const linked = new Set(targetsOf(index).map((target) => posix.join('docs', target.split('#')[0] ?? '')))
  return under
    .filter(({ file }) => !linked.has(file))
    .map(({ file }) => ({ file, message: `is not linked from ${INDEX}` }))
}

function staleTable({ file, name, write }: TableInDocument, pages: readonly Text[]): readonly Problem[] {
  const page = pages.find((one) => one.file === file)
  if (page === undefined || tableIn(page.text, name) === write()) return []
  return [{ file, message: `its ${name} is not what the code says: npm run docs` }]
}

/** What is written whole from the code says what the code says. */
function staleReferences(pages: readonly Text[]): readonly Problem[] {
  return pages
    .filter(({ file, text }) => WRITTEN[file] !== undefined && WRITTEN[file]() !== text)
    .map(({ file }) => ({ file, message: 'is not what the code says: npm run docs' }))
}
