import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Gate, type Problem, runTool, unreadable } from './gate.ts'

const PROJECTS = ['.', 'src/model', 'src/codec', 'src/core']
const DIAGNOSTIC = /^(?<file>[^()\n]+)\((?<line>\d+),\d+\): error (?<message>TS\d+: .*)$/gmu

/** The compiler, on the whole tree and on each pure folder, whose own tsconfig knows no Node and no DOM. */
export const types: Gate = {
  name: 'types',
  about: 'tsc on the root and on the pure folders without Node types',
  async run(root) {
    const projects = PROJECTS.filter((project) => existsSync(join(root, project, 'tsconfig.json')))
    if (projects.length < PROJECTS.length)
      throw new Error(`no tsconfig.json in one of ${PROJECTS.join(', ')}`)
    const found = await Promise.all(projects.map((project) => compile(root, project)))
    return found.flat().filter(isFirst)
  },
}

async function compile(root: string, project: string): Promise<readonly Problem[]> {
  const args = ['-p', project, '--pretty', 'false', '--listFilesOnly', 'false']
  const run = await runTool(root, 'typescript/bin/tsc', args)
  const problems = [...run.stdout.matchAll(DIAGNOSTIC)].map(({ groups }) => ({
    file: groups?.['file'] ?? '',
    message: `line ${groups?.['line']}: ${groups?.['message']} (tsc -p ${project})`,
  }))
  if (run.code !== 0 && problems.length === 0) throw unreadable('tsc', run)
  return problems
}

/** One line of a file is told once, though two projects read it. */
function isFirst(problem: Problem, at: number, all: readonly Problem[]): boolean {
  return all.findIndex((other) => keyOf(other) === keyOf(problem)) === at
}

function keyOf({ file, message }: Problem): string {
  return `${file}:${message.replace(/ \(tsc -p .*/u, '')}`
}
