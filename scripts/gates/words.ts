import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesUnder } from './files.ts'
import type { Gate, Problem } from './gate.ts'

interface Ban {
  readonly pattern: RegExp
  readonly why: string
  /** Judged here only; everywhere when absent. */
  readonly under?: string
}

/** Written so that no pattern matches its own source. */
const BANS: readonly Ban[] = [
  { pattern: /\bregistry\.[a-z\d-]+(?:\.[a-z\d-]+)+/giu, why: 'names a registry host' },
  { pattern: /(?<![\w.$}>~*-])\/(?:work|root)\/[\w.]/gu, why: 'names a path of one machine' },
  { pattern: /(?<![\w.$}>~*-])\/(?:tmp|home)\/[\w.]/gu, why: 'names a path of one machine', under: 'src/' },
  { pattern: /\bissues?\s+(?:#|no\.\s*)?\d+\b/giu, why: 'speaks of how the work is organised' },
  { pattern: /\b(?:this|the)\s+brief\b/giu, why: 'speaks of how the work is organised' },
  {
    pattern: /\b(?:sub-?age[n]ts?|co[d]ing\s+agents?|helper\s+ses[s]ions?)\b/giu,
    why: 'speaks of how the work is organised',
  },
  {
    pattern: /\b(?:cl[a]ude|anthrop[i]c|chatgp[t]|copil[o]t)\b/giu,
    why: 'speaks of how the work is organised',
  },
  { pattern: /\bshared[/](?:spec|research|style)\b/gu, why: 'names a path of one machine' },
]

/** Words that no committed file may hold: registry hosts, paths of one machine, how the work is organised. */
export const words: Gate = {
  name: 'words',
  about: 'no registry host, no path of one machine, no word about how the work is organised',
  run(root) {
    const files = filesUnder(root)
    if (files.length === 0) throw new Error('no file was read')
    const bans = [...BANS, ...hostsOfThisMachine().map(banHost)]
    return Promise.resolve(files.flatMap((file) => judge(root, file, bans)))
  },
}

function judge(root: string, file: string, bans: readonly Ban[]): readonly Problem[] {
  const text = readFileSync(join(root, file), 'utf8')
  if (text.includes('\0')) return [] // not a text
  return bans
    .filter(({ under }) => under === undefined || file.startsWith(under))
    .flatMap(({ pattern, why }) =>
      [...text.matchAll(pattern)].map(({ 0: found, index }) => ({
        file,
        message: `line ${text.slice(0, index).split('\n').length}: "${found}" ${why}`,
      })),
    )
}

/** Where this machine gets its packages from: a mirror's name must not reach a commit. */
function hostsOfThisMachine(): readonly string[] {
  const { GOPROXY = '', PIP_INDEX_URL = '' } = process.env
  return [npmRegistry(), ...GOPROXY.split(/[,|]/u), PIP_INDEX_URL]
    .filter((url) => URL.canParse(url))
    .map((url) => new URL(url).hostname)
    .filter((host) => host.includes('.'))
}

function npmRegistry(): string {
  try {
    return execFileSync('npm', ['config', 'get', 'registry'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return '' // a machine without npm has no mirror of it either
  }
}

function banHost(host: string): Ban {
  return { pattern: new RegExp(host.replaceAll('.', String.raw`\.`), 'giu'), why: 'names a registry host' }
}
