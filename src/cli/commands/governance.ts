import type { InputOf, OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { asked, nodeOf } from '../daemon.ts'
import { usageError } from '../failure.ts'
import { report } from '../report.ts'
import { table } from '../table.ts'
import { duration, short, time } from '../words.ts'

type Governance = OutputOf<'governance'>
type Act = Governance['waiting'][number]['act']
type Rules = Pick<Governance, 'keys' | 'needed' | 'needed_at_once' | 'time_lock_ms'>

const OUTCOMES: ReadonlySet<string> = new Set(['upheld', 'rejected'])

export const govLs = defineCommand({
  path: 'gov ls',
  about: 'Who governs the network, the acts that wait for signatures, and those that wait for their time',
  examples: ['canswarm gov ls'],
  arguments: [],
  options: {},
  async run(context) {
    const data = await asked(nodeOf(context).call('governance', {}))
    return report('canswarm.gov.ls/1', data, textOf(data))
  },
})

export const govReview = defineCommand({
  path: 'gov review',
  about: 'Sign what people came to about a challenge in review, with the key of this node',
  examples: ['canswarm gov review bafyrei… bafyrei… upheld'],
  arguments: [
    { name: 'NEED', about: 'id of the NEED' },
    { name: 'CHALLENGE', about: 'id of the challenge, as "canswarm challenge review" tells it' },
    { name: 'OUTCOME', about: 'upheld or rejected' },
  ],
  options: {},
  async run(context, [need, challenge, outcome]) {
    if (!OUTCOMES.has(outcome)) throw usageError(`${outcome} is no outcome`, 'upheld or rejected')
    const input = { need, challenge, outcome } as InputOf<'governReview'>
    const data = await asked(nodeOf(context).call('governReview', input))
    const text = `act ${data.nonce} is signed by ${data.signed_by.length} of ${data.keys.length} keys`
    const wish = `canswarm gov review ${need} ${challenge} ${outcome}`
    return report('canswarm.gov.review/1', data, text, { notes: notesOf(data, wish) })
  },
})

function notesOf(data: OutputOf<'governReview'>, wish: string): readonly string[] {
  if (data.signed_by.length >= data.needed_at_once)
    return ['they are enough, and it is in force at once: "canswarm need show NEED" tells what comes of it']
  return [whenOf(data), `on the other nodes that govern: ${wish}`]
}

/** With how many signatures an act is in force, and when. */
function whenOf({ keys, needed, needed_at_once: atOnce, time_lock_ms: lock }: Rules): string {
  const all = `with ${atOnce} of ${keys.length} signatures an act is in force at once`
  return needed === atOnce ? all : `${all}, with ${needed} after ${duration(lock)}`
}

function textOf(data: Governance): string {
  const rows = [
    ...data.signing.map(({ nonce, act, signed_by: by, refused }) => [
      String(nonce),
      `${by.length} signed${refused === null ? '' : `; refused: ${refused}`}`,
      wordsOf(act),
    ]),
    ...data.waiting.map(({ nonce, act, at }) => [String(nonce), `in force from ${time(at)}`, wordsOf(act)]),
  ]
  const who = `${data.keys.map(short).join(', ')} govern${data.signs ? ', this node among them' : ''}`
  const acts = rows.length === 0 ? 'no act waits' : table(['act', 'state', 'says'], rows)
  return `${who}\n${whenOf(data)}\n\n${acts}`
}

function textOfValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** An act of governance in a line. */
function wordsOf({ kind, ...rest }: Act): string {
  const words = Object.entries(rest).map(([name, value]) => `${name} ${textOfValue(value)}`)
  return [textOfValue(kind), ...words].join(', ')
}
