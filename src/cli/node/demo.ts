import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { type DemoResult, runDemo } from '../../node/demo/demo.ts'
import type { OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { creditsOf } from '../credits.ts'
import { EXIT } from '../exit.ts'
import { CommandError } from '../failure.ts'
import { report } from '../report.ts'
import { duration } from '../words.ts'
import { readInput } from './input.ts'

const BIN = fileURLToPath(new URL('../../../bin/canswarm', import.meta.url))
const README = fileURLToPath(new URL('../../../README.md', import.meta.url))
const INPUT_BYTES_MAX = 67_108_864
const RESULT_SHOWN = 600

export const demo = defineCommand({
  path: 'demo',
  about:
    'Five real nodes on this machine take a real task from NEED to its settlement; then its record is replayed',
  examples: [
    'canswarm demo',
    'canswarm demo --input book.txt',
    "canswarm demo --exec './worker --fast' --unsafe",
  ],
  arguments: [],
  options: {
    input: { type: 'string', value: 'FILE', about: 'what the task works on; the README unless it is said' },
    exec: {
      type: 'string',
      value: 'CMD',
      about: 'command that does the task, its words divided by spaces; the shipped module unless it is said',
    },
    unsafe: { type: 'boolean', about: 'with --exec: run it without a sandbox' },
  },
  async run(context, _args, { input, exec, unsafe }) {
    const begun = performance.now()
    const bytes =
      input === undefined ? readFileSync(README) : await readInput(context, input, INPUT_BYTES_MAX)
    const command = exec?.split(' ').filter((word) => word !== '')
    const request = { input: bytes, ...(command === undefined ? {} : { exec: { command, unsafe } }) }
    const result = await runDemo(request, { step, state })
    step('Replay, without the network: all that anybody needs is in the file')
    const replayed = replay(result)
    const text = summaryOf(result, performance.now() - begun)
    if (replayed !== EXIT.done) throw notReplayed(result)
    return report('canswarm.demo/1', dataOf(result), text)
  },
})

function step(text: string): void {
  process.stderr.write(`\n${styleText('bold', text, { stream: process.stderr })}\n`)
}

function state(name: string, ms: number, detail: OutputOf<'needShow'>): void {
  const bids = name === 'RANKED' ? `  ${detail.bids} bids` : ''
  const where = detail.bucket === null ? '' : `  bucket ${detail.bucket}`
  process.stderr.write(`  ${name.toLowerCase().padEnd(10)} ${String(ms).padStart(6)} ms${bids || where}\n`)
}

/** The program itself, as anybody would call it; what it prints is shown. A task of a command cannot be done again here. */
function replay({ file, network, isReproducible }: DemoResult): number {
  const allowed = isReproducible ? [] : ['--allow-unchecked', 'tasks']
  const done = spawnSync(process.execPath, [BIN, 'replay', file, '--network', network, ...allowed], {
    stdio: ['ignore', 2, 2],
  })
  return done.status ?? EXIT.failed
}

function summaryOf(result: DemoResult, totalMs: number): string {
  const { detail, names, gains, times, file, fileBytes, isLedgerEqual } = result
  const nameOf = (did: string): string => names.get(did) ?? did
  const text = new TextDecoder().decode(result.result)
  const shown = text.length > RESULT_SHOWN ? `${text.slice(0, RESULT_SHOWN)}…` : text
  const bids = detail.ranking.map(({ bidder, cost }) => `${nameOf(bidder)} for ${creditsOf(cost)}`)
  const seats = detail.committees.flatMap(({ role, votes }) =>
    votes.map(({ seat, choice }) => `${nameOf(seat)} (${role}: ${choice})`),
  )
  const money = gains
    .filter(({ gained }) => gained !== 0n)
    .map(({ name, gained }) => `${name} ${signed(gained)}`)
  const phases = [
    `start ${duration(times.start)}`,
    `attach ${duration(times.attach)}`,
    `NEED to FINALIZE ${duration(times.need)}`,
    `settlement ${duration(Math.max(0, times.settle))}`,
    `export ${duration(times.export)}`,
    `all ${duration(totalMs)}`,
  ]
  return [
    '',
    `result       ${shown.trimEnd()}`,
    `bids         ${bids.join(', ')}`,
    `worker       ${nameOf(detail.worker ?? '')}: the best bid by price, time and reputation`,
    `verified by  ${seats.join(', ')}`,
    `paid         ${money.join(', ')}; ${isLedgerEqual ? 'all nodes say the same' : 'NODES DISAGREE'}`,
    `record       ${file}, ${fileBytes} bytes`,
    `took         ${phases.join(', ')}`,
  ].join('\n')
}

function signed(micro: bigint): string {
  return micro < 0n ? `-${creditsOf(String(-micro))}` : `+${creditsOf(String(micro))}`
}

function dataOf({ directory, network, thread, detail, file, fileBytes, times, isLedgerEqual }: DemoResult) {
  const { need, worker, artifact } = detail
  return {
    directory,
    network,
    thread,
    need,
    worker,
    artifact,
    file,
    file_bytes: fileBytes,
    ledger_equal: isLedgerEqual,
    times_ms: { ...times },
  }
}

function notReplayed({ file }: DemoResult): CommandError {
  return new CommandError({
    exit: EXIT.mismatch,
    code: 'replay',
    message: `${file} does not replay`,
    todo: 'keep the file: this is a defect',
  })
}
