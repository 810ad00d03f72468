/**
 * `npm run demo:conversation`: what envelopes are, with real processes, keys and files. Three parties hold a signed
 * conversation about one task; everything that must not be believed is tried and refused.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoNeed, demoPatch, flipByte, foldHash, shuffled } from './demo/material.ts'
import { canswarm, expectExit, say, step } from './demo/narrate.ts'

const ORDERS = 20
const PARTIES = ['requester', 'worker', 'verifier'] as const
const INPUT_FILE = new URL('../README.md', import.meta.url)

const place = mkdtempSync(join(tmpdir(), 'canswarm-demo-'))
process.chdir(place) // so that files are named as a person would name them
try {
  main()
} finally {
  rmSync(place, { recursive: true, force: true })
}

function main(): void {
  const homes = Object.fromEntries(PARTIES.map((name) => [name, join(place, name)]))
  const thread = 'thread.jsonl'
  const home = (name: (typeof PARTIES)[number]): string => homes[name] ?? ''
  const journal = join(home('requester'), 'journal', '00000001.jsonl')

  step('Three parties, one network')
  say(canswarm(home('requester'), ['init', '--dev', '--label', 'demo']).stdout)
  for (const name of PARTIES.slice(1)) {
    const { stdout } = canswarm(home(name), [
      'init',
      '--network',
      join(home('requester'), 'genesis.json'),
      '--json',
    ])
    say(`${name}: ${JSON.parse(stdout).did}`)
  }

  step('The requester asks for a task; its input is a real file, README.md')
  writeFileSync('need.json', demoNeed(readFileSync(INPUT_FILE)))
  sign('requester', ['--kind', 'NEED', '--payload', 'need.json'])
  say(canswarm(home('verifier'), ['envelope', 'show', thread]).stdout.split('\n').slice(0, 8).join('\n'))

  step('Worker and verifier answer at the same time; neither has seen the other')
  const before = readFileSync(thread)
  const answers = (['worker', 'verifier'] as const).map((name) => {
    writeFileSync(`${name}.json`, demoPatch(name))
    return canswarm(home(name), [
      'envelope',
      'sign',
      '--kind',
      'UPDATE_PLAN',
      '--payload',
      `${name}.json`,
      '--after',
      thread,
    ]).stdout
  })
  writeFileSync(thread, `${before.toString()}${answers.join('')}`)
  writeFileSync('merge.json', demoPatch('requester'))
  sign('requester', ['--kind', 'UPDATE_PLAN', '--payload', 'merge.json', '--after', thread])
  say(canswarm(home('verifier'), ['envelope', 'verify', thread]).stdout)

  step('64 envelopes under one signature')
  const wire = 'batch.cbor'
  const list = Array.from({ length: 64 }, (_, index) =>
    JSON.stringify({ kind: 'UPDATE_PLAN', payload: JSON.parse(demoPatch(`note-${index}`)) as unknown }),
  )
  writeFileSync('list.jsonl', `${list.join('\n')}\n`)
  sign('worker', ['--list', 'list.jsonl', '--after', thread, '--wire', wire])
  const verdict = JSON.parse(canswarm(home('verifier'), ['envelope', 'verify', thread, '--json']).stdout)
  say(
    `${verdict.accepted} envelopes accepted, ${verdict.refused} refused; the wire batch is ${statSync(wire).size} bytes`,
  )

  step(`The same thread in ${ORDERS} random orders`)
  const lines = readFileSync(thread, 'utf8').trimEnd().split('\n')
  const hashes = new Set(Array.from({ length: ORDERS }, (_, seed) => foldHash(shuffled(lines, seed))))
  say(`${hashes.size} state: sha256 ${[...hashes].join(', ')}`)
  if (hashes.size !== 1) throw new Error('the state of a thread depends on the order of arrival')

  step('One changed byte')
  writeFileSync('forged.jsonl', flipByte(lines[0] ?? ''))
  say(expectExit(4, canswarm(home('verifier'), ['envelope', 'verify', 'forged.jsonl'])).stdout)

  step('The requester cannot sign two different envelopes with one seq')
  const twice = ['envelope', 'sign', '--kind', 'UPDATE_PLAN', '--payload', 'merge.json']
  writeFileSync('early.jsonl', before)
  say(expectExit(4, canswarm(home('requester'), [...twice, '--after', 'early.jsonl'])).stderr)

  step('The journal: a crash in the middle of a write is mended, a changed line is named')
  truncateSync(journal, statSync(journal).size - 40)
  say(canswarm(home('requester'), ['journal', 'verify']).stderr)
  sign('requester', ['--kind', 'UPDATE_PLAN', '--payload', 'worker.json', '--after', thread])
  say(canswarm(home('requester'), ['journal', 'show', '--kind', 'recovered']).stdout)
  say(canswarm(home('requester'), ['journal', 'verify']).stdout)
  writeFileSync(journal, readFileSync(journal, 'utf8').replace('"n":2,', '"n":3,'))
  say(expectExit(6, canswarm(home('requester'), ['journal', 'verify'])).stdout)

  function sign(name: (typeof PARTIES)[number], args: readonly string[]): void {
    const { stdout } = expectExit(0, canswarm(home(name), ['envelope', 'sign', ...args]))
    writeFileSync(thread, stdout, { flag: 'a' })
  }
}
