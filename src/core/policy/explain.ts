import type { Decision, Denial } from '../../codec/capsule/decision.ts'

/** Sentences for the rules that we know, by rule; of another policy's rules the name is shown. */
const SENTENCES: Readonly<Record<string, (field: string, limit: string) => string>> = {
  version: (field, limit) => `${field} must be ${limit}`,
  kind: (field) => `${field} is no verb that the policy allows`,
  required: (field) => `${field} is missing`,
  envelope_size: (_, limit) => `the envelope is larger than ${limit} bytes`,
  payload_size: (_, limit) => `the payload is larger than ${limit} bytes`,
  number: (field) => `${field} must be a number`,
  seq: (field, limit) => `${field} must be at least ${limit}`,
  lamport: (field, limit) => `${field} does not fit its place in the thread (limit ${limit})`,
  prev: (field, limit) => `${field} does not fit its place in the thread (limit ${limit})`,
  slot: (field, limit) => `${field} must be at least ${limit}`,
  amount: (field) => `${field} is no amount in micro-credits`,
  bounty_cap: (field, limit) => `${field} is over the cap of its task class, ${limit} micro-credits`,
  task_class: (field) => `${field} is no task class`,
  artifact: (field) => `${field} is missing: a result is inline, or a CID and a size`,
  zone: (field, limit) => `${field} is no zone (lower-case words as in eu-west, at most ${limit} characters)`,
  'runtime.gas': (_, limit) => `the policy used up its ${limit} gas`,
  'runtime.depth': () => 'the policy called itself too deeply',
  'runtime.trap': () => 'the policy broke off',
  'runtime.abort': () => 'the policy gave up',
  'runtime.builtin': () => 'the policy called the host wrongly',
  'runtime.input': () => 'the policy could not be given the input',
  'runtime.output': (field) => `the policy said no decision${field === '' ? '' : ` (${field})`}`,
  'runtime.undefined': () => 'the policy has no decision for this input',
}

/** One reason, for people. */
export function explainDenial({ rule, field = '', limit }: Denial): string {
  const sentence = Object.hasOwn(SENTENCES, rule) ? SENTENCES[rule] : undefined
  if (sentence !== undefined) return sentence(field, String(limit ?? ''))
  const at = field === '' ? '' : ` at ${field}`
  return `rule ${rule}${at}${limit === undefined ? '' : ` (limit ${limit})`}`
}

const SHOWN_MAX = 8

/** The reasons in one line, for people: the first eight, and how many more there are. */
export function explain({ denials }: Decision): string {
  const shown = denials.slice(0, SHOWN_MAX).map(explainDenial)
  const hidden = denials.length - shown.length
  return [...shown, ...(hidden > 0 ? [`and ${hidden} more`] : [])].join('; ')
}
