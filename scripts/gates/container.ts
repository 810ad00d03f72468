import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Gate, Problem } from './gate.ts'

const FILE = 'Dockerfile'

interface Instruction {
  readonly word: string
  readonly rest: string
}

/** What can be known of the container image without building it. */
export const container: Gate = {
  name: 'container',
  about: 'Dockerfile: pinned bases, sources that exist, not root, signals reach the process',
  run(root) {
    const instructions = parse(readFileSync(join(root, FILE), 'utf8'))
    const last = instructions.findLastIndex(({ word }) => word === 'FROM')
    if (last < 0) throw new Error('the Dockerfile has no FROM')
    return Promise.resolve(
      [
        ...judgeBases(instructions),
        ...judgeCopies(root, instructions),
        ...judgeFinalStage(instructions.slice(last)),
      ].map((message): Problem => ({ file: FILE, message })),
    )
  },
}

function parse(text: string): readonly Instruction[] {
  return text
    .replaceAll(/\\\n\s*/gu, '')
    .split('\n')
    .filter((line) => /^[A-Z]+ /u.test(line))
    .map((line) => ({
      word: line.slice(0, line.indexOf(' ')),
      rest: line.slice(line.indexOf(' ') + 1).trim(),
    }))
}

/** A base is an earlier stage, or an image whose tag names a version to the patch or the day. */
function judgeBases(instructions: readonly Instruction[]): readonly string[] {
  const args = new Map(instructions.filter(({ word }) => word === 'ARG').map(({ rest }) => split(rest, '=')))
  const froms = instructions.filter(({ word }) => word === 'FROM').map(({ rest }) => rest)
  const stages = new Set(froms.flatMap((rest) => / AS (?<stage>\S+)$/iu.exec(rest)?.groups?.['stage'] ?? []))
  return froms
    .map((rest) =>
      (rest.split(' ')[0] ?? '').replaceAll(/\$\{(\w+)\}/gu, (_all, name: string) => args.get(name) ?? ''),
    )
    .filter(
      (image) => !stages.has(image) && !/(?::.*(?:\d+\.\d+\.\d+|\d{8})|@sha256:[\da-f]{64}$)/u.test(image),
    )
    .map((image) => `FROM ${image} is not pinned`)
}

function judgeCopies(root: string, instructions: readonly Instruction[]): readonly string[] {
  return instructions
    .filter(({ word, rest }) => /^(?:COPY|ADD)$/u.test(word) && !rest.includes('--from='))
    .flatMap(({ rest }) =>
      rest
        .split(/\s+/u)
        .filter((part) => !part.startsWith('--'))
        .slice(0, -1),
    )
    .filter((source) => !existsSync(join(root, source)))
    .map((source) => `copies ${source}, which is not there`)
}

function judgeFinalStage(stage: readonly Instruction[]): readonly string[] {
  const user = stage.findLast(({ word }) => word === 'USER')?.rest
  const entry = stage.findLast(({ word }) => word === 'ENTRYPOINT')?.rest
  return [
    ...(user === undefined || /^(?:root|0)(?::|$)/u.test(user) ? ['runs as root'] : []),
    ...(entry?.startsWith('[') === true ? [] : ['has no ENTRYPOINT as a list, so a shell takes the signals']),
    ...(stage.some(({ word }) => word === 'HEALTHCHECK') ? [] : ['has no HEALTHCHECK']),
  ]
}

function split(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
