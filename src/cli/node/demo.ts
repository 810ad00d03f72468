import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { runChallengeDemo } from '../../node/demo/challenge-demo.ts'
import { type DemoRecord, type DemoRequest, type DemoTold, runDemo } from '../../node/demo/demo.ts'
import type { OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CommandError, usageError } from '../failure.ts'
import { type Report, report } from '../report.ts'
import { challengeData, challengeSummary } from './demo-challenge-summary.ts'
import { demoData, demoSummary } from './demo-summary.ts'
import { readInput } from './input.ts'

const BIN = fileURLToPath(new URL('../../../bin/canswarm', import.meta.url))
const README = fileURLToPath(new URL('../../../README.md', import.meta.url))
const INPUT_BYTES_MAX = 67_108_864

export const demo = defineCommand({
  path: 'demo',
  about:
    'Five real nodes on this machine take a real task from NEED to its settlement; then its record is replayed',
  examples: [
    'canswarm demo',
    'canswarm demo --challenge',
    'canswarm demo --input book.txt',
    "canswarm demo --exec './worker --fast' --unsafe",
  ],
  arguments: [],
  options: {
    input: { type: 'string', value: 'FILE', about: 'what the task works on; the README unless it is said' },
    challenge: {
      type: 'boolean',
      about:
        'seven nodes, of which some lie: a wrong result is accepted, challenged, taken back and done again',
    },
    exec: {
      type: 'string',
      value: 'CMD',
      about: 'command that does the task, its words divided by spaces; the shipped module unless it is said',
    },
    unsafe: { type: 'boolean', about: 'with --exec: run it without a sandbox' },
  },
  async run(context, _args, { input, challenge, exec, unsafe }) {
    const bytes =
      input === undefined ? readFileSync(README) : await readInput(context, input, INPUT_BYTES_MAX)
    const command = exec?.split(' ').filter((word) => word !== '')
    if (challenge && command !== undefined) {
      throw usageError('--challenge shows the shipped module', 'leave out --exec')
    }
    return challenge
      ? await challenged(bytes)
      : await plain({ input: bytes, ...(command === undefined ? {} : { exec: { command, unsafe } }) })
  },
})

async function plain(request: DemoRequest): Promise<Report> {
  const begun = performance.now()
  const result = await runDemo(request, TOLD)
  replay(result)
  return report('canswarm.demo/1', demoData(result), demoSummary(result, performance.now() - begun))
}

async function challenged(input: Uint8Array): Promise<Report> {
  const begun = performance.now()
  const result = await runChallengeDemo(input, TOLD)
  replay(result)
  const text = challengeSummary(result, performance.now() - begun)
  return report('canswarm.demo.challenge/1', challengeData(result), text)
}

const TOLD: DemoTold = { step, state }

function step(text: string): void {
  process.stderr.write(`\n${styleText('bold', text, { stream: process.stderr })}\n`)
}

function state(name: string, ms: number, detail: OutputOf<'needShow'>): void {
  const bids = name === 'RANKED' ? `  ${detail.bids} bids` : ''
  const where = detail.bucket === null ? '' : `  bucket ${detail.bucket}`
  process.stderr.write(`  ${name.toLowerCase().padEnd(19)} ${String(ms).padStart(6)} ms${bids || where}\n`)
}

/**
 * The program itself, as anybody would call it; what it prints is shown. A task of a command cannot be done again here. Fails
 * where the record does not replay.
 */
function replay({ file, network, isReproducible }: DemoRecord): void {
  step('Replay, without the network: all that anybody needs is in the file')
  const allowed = isReproducible ? [] : ['--allow-unchecked', 'tasks']
  const done = spawnSync(process.execPath, [BIN, 'replay', file, '--network', network, ...allowed], {
    stdio: ['ignore', 2, 2],
  })
  if (done.status !== EXIT.done) throw notReplayed(file)
}

function notReplayed(file: string): CommandError {
  return new CommandError({
    exit: EXIT.mismatch,
    code: 'replay',
    message: `${file} does not replay`,
    todo: 'keep the file: this is a defect',
  })
}
