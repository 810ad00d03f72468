/** docs/state-machines.md, out of the tables that the bucket's machine itself asks. */
import {
  BEGINNING,
  CHALLENGE_STATES,
  CHALLENGE_TRANSITIONS,
  type Moves,
  NEED_STATES,
  type NeedState,
  TRANSITIONS,
} from '../src/core/bucket/transitions.ts'

export function stateMachines(): string {
  return [
    '# State machines',
    '',
    'Written by `npm run docs` from `src/core/bucket/transitions.ts`, the tables that the machine asks before it applies an',
    'entry. What an entry asks for beyond its state, and what it brings about, its file in `src/core/bucket/entries` says.',
    '',
    '## A need',
    '',
    'Entries that leave the state as it is are in the table below.',
    '',
    ...mermaid(needEdges()),
    '',
    '### Every entry',
    '',
    '| entry | found in | leads to |',
    '| --- | --- | --- |',
    `| \`open\` | – | ${BEGINNING.open.join(', ')} |`,
    ...Object.entries(TRANSITIONS).flatMap(([entry, moves]) => rowsOf(entry, moves)),
    '',
    '## A challenge',
    '',
    'A need can have several at once; each keeps its place in the queue. `closed` has an outcome: upheld, rejected, withdrawn or',
    'void, which the effect to the hub names. One in `review` waits for people, because no committee decides: an act of governance',
    '(`review`, three fifths with the time-lock or four fifths at once) says what they came to. Nobody has to: its last deadline',
    '(`escalationMs` from CHALLENGE) rejects it.',
    '',
    ...mermaid(challengeEdges()),
    '',
  ].join('\n')
}

interface Edge {
  readonly from: string
  readonly to: string
  readonly by: readonly string[]
}

function needEdges(): readonly Edge[] {
  const begins = BEGINNING.open.map((to) => ({ from: '[*]', to, by: ['open'] }))
  const moves = NEED_STATES.flatMap((from) =>
    NEED_STATES.filter((to) => to !== from).map((to) => ({ from, to, by: entriesOf(from, to) })),
  )
  const ends = NEED_STATES.filter((state) => moves.every(({ from, by }) => from !== state || by.length === 0))
  return [...begins, ...moves, ...ends.map((from) => ({ from, to: '[*]', by: ['paid', 'cert'] }))]
}

function entriesOf(from: NeedState, to: NeedState): readonly string[] {
  return Object.entries(TRANSITIONS).flatMap(([entry, moves]) =>
    moves[from]?.includes(to) === true ? [entry] : [],
  )
}

function challengeEdges(): readonly Edge[] {
  const moves = CHALLENGE_STATES.flatMap((from) =>
    CHALLENGE_STATES.map((to) => ({ from, to, by: CHALLENGE_TRANSITIONS[from][to] ?? [] })),
  )
  return [{ from: '[*]', to: 'bonding', by: ['challenge'] }, ...moves, { from: 'closed', to: '[*]', by: [] }]
}

function mermaid(edges: readonly Edge[]): readonly string[] {
  const lines = edges
    .filter(({ by, to }) => by.length > 0 || to === '[*]')
    .map(({ from, to, by }) => `    ${from} --> ${to}${by.length === 0 ? '' : `: ${by.join(', ')}`}`)
  return ['```mermaid', 'stateDiagram-v2', ...lines, '```']
}

/** One row for states in which the entry does the same. */
function rowsOf(entry: string, moves: Moves): readonly string[] {
  const states = Object.keys(moves) as NeedState[]
  const staying = states.filter((from) => moves[from]?.length === 1 && moves[from]?.[0] === from)
  const moving = states.filter((from) => !staying.includes(from))
  const rows = moving.map((from) => `| \`${entry}\` | ${from} | ${moves[from]?.join(', ') ?? ''} |`)
  const all = staying.length === NEED_STATES.length ? 'any' : staying.join(', ')
  return staying.length === 0 ? rows : [...rows, `| \`${entry}\` | ${all} | the same |`]
}
