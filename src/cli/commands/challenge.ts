import { readFile } from 'node:fs/promises'
import type { InputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { creditsOf } from '../credits.ts'
import { asked, nodeOf } from '../daemon.ts'
import { usageError } from '../failure.ts'
import { report } from '../report.ts'

type Wish = InputOf<'challenge'>

export const challenge = defineCommand({
  path: 'challenge',
  about: "Say that a need's accepted result is wrong: bonds credits, then shows the proof",
  examples: [
    'canswarm challenge bafyrei…',
    'canswarm challenge bafyrei… --proof MISSING_CITATION --evidence why.txt',
  ],
  arguments: [{ name: 'NEED', about: 'id of the NEED' }],
  options: {
    proof: {
      type: 'string',
      value: 'TYPE',
      about: 'what is wrong with it; by how the need is judged, unless it is said',
      choices: [
        'SCHEMA_VIOLATION',
        'MISSING_CITATION',
        'SEMANTIC_CONTRADICTION',
        'OUTPUT_MISMATCH',
        'POLICY_BREACH',
      ],
    },
    evidence: { type: 'string', value: 'FILE', about: 'what proves it, at most 10 KiB' },
  },
  async run(context, [need], { proof, evidence }) {
    const given =
      evidence === undefined ? {} : { evidence: { base64: (await bytesOf(evidence)).toString('base64') } }
    const wish = { need, ...(proof !== undefined && { proof_type: proof }), ...given } as Wish
    const data = await asked(nodeOf(context).call('challenge', wish))
    const text = `challenge ${data.challenge}: ${creditsOf(data.bond)} credits are bonded until it is judged`
    return report('canswarm.challenge/1', data, text, {
      notes: [
        `"canswarm need show ${need}" tells what comes of it`,
        `to take it back, while no seat has judged it: canswarm challenge withdraw ${need} ${data.challenge}`,
      ],
    })
  },
})

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw usageError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'failed'}`)
  }
}

export const challengeWithdraw = defineCommand({
  path: 'challenge withdraw',
  about: 'Take a challenge of this node back, before its first verdict',
  examples: ['canswarm challenge withdraw bafyrei… bafyrei…'],
  arguments: [
    { name: 'NEED', about: 'id of the NEED' },
    { name: 'CHALLENGE', about: 'id of the challenge, as "canswarm need show" tells it' },
  ],
  options: {},
  async run(context, [need, id]) {
    const input = { need, challenge: id } as InputOf<'withdraw'>
    const data = await asked(nodeOf(context).call('withdraw', input))
    return report(
      'canswarm.challenge.withdraw/1',
      data,
      `asked for: "canswarm need show ${need}" tells when it is done`,
    )
  },
})
