import type { InputOf, OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { asked, nodeOf } from '../daemon.ts'
import { usageError } from '../failure.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'

const OUTCOMES: ReadonlySet<string> = new Set(['upheld', 'rejected', 'undecided'])

export const challengeReview = defineCommand({
  path: 'challenge review',
  about:
    'Challenges that somebody has to look at: seats of this node without a verdict, and what no committee could decide',
  examples: ['canswarm challenge review'],
  arguments: [],
  options: {},
  async run(context) {
    const data = await asked(nodeOf(context).call('challengeReview', {}))
    const text =
      data.challenges.length === 0 ? 'nothing to look at' : data.challenges.map(textOf).join('\n\n')
    const isWanted = data.challenges.some(({ wanted_of: names }) => names.length > 0)
    const isForPeople = data.challenges.some(({ state }) => state === 'review')
    const notes = [
      ...(isWanted ? ['"canswarm challenge verdict NEED CHALLENGE OUTCOME" says one by hand'] : []),
      ...(isForPeople ? ['"canswarm gov review NEED CHALLENGE OUTCOME" signs what people came to'] : []),
    ]
    return report('canswarm.challenge.review/1', data, text, { notes })
  },
})

/** Its ids are whole, since commands take them; so each challenge has lines of its own. */
function textOf(one: OutputOf<'challengeReview'>['challenges'][number]): string {
  return fields([
    ['need', one.need],
    ['challenge', one.challenge],
    [
      'against',
      `the ${one.against} of attempt ${one.attempt}, by ${one.proof_type ?? 'a proof that was not heard here'}`,
    ],
    ['challenger', one.challenger],
    ['state', one.state === 'review' ? 'review: no committee could decide, people do' : 'its seats judge it'],
    ['verdicts', String(one.votes)],
    ...(one.wanted_of.length === 0 ? [] : [['wanted of', one.wanted_of.join(', ')] as [string, string]]),
  ])
}

export const challengeVerdict = defineCommand({
  path: 'challenge verdict',
  about: 'Give the verdict of this account on a challenge in whose committee it sits',
  examples: [
    'canswarm challenge verdict bafyrei… bafyrei… upheld',
    "canswarm challenge verdict bafyrei… bafyrei… rejected --reason 'the source is in the input'",
  ],
  arguments: [
    { name: 'NEED', about: 'id of the NEED' },
    { name: 'CHALLENGE', about: 'id of the challenge, as "canswarm challenge review" tells it' },
    { name: 'OUTCOME', about: 'upheld, rejected, or undecided: no rule decides' },
  ],
  options: {
    reason: { type: 'string', value: 'TEXT', about: 'what the seat found, for people' },
    as: {
      type: 'string',
      value: 'KEY',
      about: 'in whose name: a key of this node; else the account that judges',
    },
  },
  async run(context, [need, challenge, outcome], { reason, as }) {
    if (!OUTCOMES.has(outcome)) throw usageError(`${outcome} is no outcome`, 'upheld, rejected or undecided')
    const input = {
      need,
      challenge,
      outcome,
      ...(reason !== undefined && { reason }),
      ...(as !== undefined && { as }),
    } as InputOf<'verdict'>
    const data = await asked(nodeOf(context).call('verdict', input))
    return report('canswarm.challenge.verdict/1', data, `${data.verb} is said by ${data.as}`, {
      notes: [`"canswarm need show ${need}" tells what comes of it`],
    })
  },
})
