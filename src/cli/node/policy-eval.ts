import { parseIpld } from '../../codec/dag-json/parse-ipld.ts'
import { type Ipld, isMap } from '../../codec/ipld.ts'
import { inputBytes, type PolicyInput } from '../../core/policy/input.ts'
import { type Verdict, verdictOf } from '../../core/policy/verdict.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import { refuse, unwrap, usageError } from '../failure.ts'
import { report } from '../report.ts'
import { readInput } from './input.ts'
import { decisionText, NETWORK_OPTION, POLICY_ARGUMENT, withPolicy } from './policy-use.ts'

const INPUT_BYTES_MAX = 8_388_608

export const policyEval = defineCommand({
  path: 'policy eval',
  about: 'Ask a policy about inputs: allow, or deny with its reasons (exit code 4)',
  examples: [
    'canswarm policy eval default input.json',
    'cat inputs.jsonl | canswarm policy eval my.capsule - --json',
  ],
  arguments: [
    POLICY_ARGUMENT,
    { name: 'file', about: 'inputs: one JSON value, or one on each line; - for standard input' },
  ],
  options: {
    gasLimit: {
      type: 'integer',
      value: 'GAS',
      about: 'gas for each input (else what the capsule or the network gives)',
    },
    ...NETWORK_OPTION,
  },
  async run(context, [path, file], { gasLimit, network }) {
    const inputs = await readInputs(context, file)
    const verdicts = await withPolicy(context, path, network, async ({ module, gasMax }) => {
      const evaluations = await module.evaluateListAside(inputs.map(inputBytes), gasLimit ?? gasMax)
      return evaluations.map(verdictOf)
    })
    const data = { verdicts: verdicts.map(({ decision, gas }) => ({ ...decision, gas })) }
    const text = verdicts.map((one, at) => verdictText(one, verdicts.length > 1 ? `${at + 1}: ` : ''))
    return report('canswarm.policy.eval/1', data, text.join('\n'), {
      exit: verdicts.every(({ decision }) => decision.allow) ? EXIT.done : EXIT.refused,
    })
  },
})

/** `place`: which of several inputs it is of. */
function verdictText({ decision, gas }: Verdict, place: string): string {
  const [first = '', ...reasons] = decisionText(decision).split('\n')
  return [`${place}${first}  ${gas} gas`, ...reasons].join('\n')
}

async function readInputs(context: Context, file: string): Promise<readonly PolicyInput[]> {
  const text = Buffer.from(await readInput(context, file, INPUT_BYTES_MAX))
    .toString('utf8')
    .trim()
  const whole = parsed(text)
  if (whole !== undefined) return [inputFrom(whole, file)]
  return text.split('\n').map((line, at) => {
    const place = `${file}:${at + 1}`
    const value = parsed(line)
    if (value === undefined)
      throw usageError(`${place} is not JSON`, 'give one JSON value, or one on each line')
    return inputFrom(value, place)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // what is no JSON as a whole may be JSON line by line
  }
}

function inputFrom(value: unknown, place: string): PolicyInput {
  const input: Ipld = unwrap(parseIpld(value, 'input'), place)
  return isMap(input) ? input : refuse('MALFORMED', 'an input is a map', place)
}
