/**
 * `npm run demo:machines`: a whole network of state machines in one process, under virtual time: the hub, buckets, three voters that
 * certify what is applied, and people who are not all honest. Four needs live their lives; then a thread's record is exported
 * by the real program, replayed without the network, and found out when one byte of it is changed.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeCrypto } from '../src/adapters/crypto/node-crypto.ts'
import { LogFiles } from '../src/adapters/log-files/log-files.ts'
import { conservation } from '../src/core/system/conservation.ts'
import { closeHistory } from '../src/sim/heart/close-history.ts'
import { PLAY_SLOT_MS } from '../src/sim/heart/parameters.ts'
import { Play } from '../src/sim/heart/play.ts'
import type { Stage } from '../src/sim/heart/stage.ts'
import { Chance } from '../src/sim/raft/chance.ts'
import { storeNetwork } from '../src/sim/record/store-network.ts'
import { makeParts, makeStage, needOf, PEOPLE, STORIES } from './demo/company.ts'
import { canswarm, expectExit, say, step } from './demo/narrate.ts'

const INPUT = readFileSync(new URL('../README.md', import.meta.url)).subarray(0, 8_192)
const START_MS = Date.UTC(2026, 0, 1)

const place = mkdtempSync(join(tmpdir(), 'canswarm-demo-'))
process.chdir(place) // so that files are named as a person would name them
try {
  main()
} finally {
  rmSync(place, { recursive: true, force: true })
}

function main(): void {
  const begun = performance.now()
  step(
    'A network: one hub, 256 buckets, three voters, five verifiers; slots every half second of virtual time',
  )
  const stage = makeStage(START_MS)
  const parts = makeParts(stage)
  say(`genesis ${stage.genesis.net.toString()}`)
  say(moneyOf(stage))

  const chance = new Chance(1, 'demo')
  const play = new Play({ stage, parts, chance, slotMs: PLAY_SLOT_MS, check: () => undefined })
  const threads = new Map<string, string>()
  for (const story of STORIES) {
    step(`alice asks for work: ${story}`)
    const payload = needOf(story, INPUT)
    if (!play.post(stage.actor('alice'), payload)) throw new Error('the hub refused the need')
    const posted = play.posted.at(-1)
    if (posted === undefined) throw new Error('what was posted is kept')
    const slots = stage.slot
    while (!play.isOver(posted.id)) play.round()
    closeHistory(stage, posted.id)
    const bucket = stage.bucketOf(posted.id) ?? 0
    threads.set(story, posted.thread)
    say(`${play.stateOf(posted.id) ?? ''} in bucket ${bucket} after ${stage.slot - slots} slots`)
    say(moneyOf(stage))
  }

  step('The logs of all machines go to files; the thread of the upheld challenge, as anybody can read it')
  const files = LogFiles.create('logs', stage.genesisBytes, nodeCrypto.sha256)
  storeNetwork(stage.network, true, files)
  files.close()
  const thread = threads.get('upheld challenge') ?? ''
  const home = join(place, 'home')
  say(
    expectExit(0, canswarm(home, ['export', thread, '--from', 'logs', '--jsonl', '--out', 'thread.jsonl']))
      .stdout,
  )
  say(expectExit(0, canswarm(home, ['thread', 'show', 'thread.jsonl'])).stdout)

  step('Replay on a machine that has nothing but the file and the name of the network')
  const replayed = ['replay', 'thread.jsonl', '--network', stage.genesis.net.toString()]
  say('Nobody here can do the task again, and says so; whoever accepts that names it:')
  say(expectExit(0, canswarm(home, [...replayed, '--allow-unchecked', 'tasks'])).stdout)

  step('One changed byte')
  const bytes = readFileSync('thread.jsonl')
  const at = Math.floor(statSync('thread.jsonl').size / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync('thread.jsonl', bytes)
  say(expectExit(6, canswarm(home, replayed)).stdout)
  say(`done in ${((performance.now() - begun) / 1_000).toFixed(1)} s`)
}

/** Credits of everybody, and that none came from nowhere. */
function moneyOf(stage: Stage): string {
  const { records } = stage.hub
  const lines = PEOPLE.map((name) => {
    const account = records.get('accounts', stage.actor(name).did)
    const stake = account?.stake ?? 0n
    const rest = stake === 0n ? '' : `, stake ${creditsText(stake)}`
    return `${name.padEnd(8)} ${creditsText(account?.balance ?? 0n).padStart(12)}${rest}`
  })
  const { minted, burned } = conservation(records)
  return [...lines, `minted ${creditsText(minted)}, burned ${creditsText(burned)}`].join('\n')
}

function creditsText(micro: bigint): string {
  const text = micro.toString().padStart(7, '0')
  return `${text.slice(0, -6)}.${text.slice(-6)}`
}
