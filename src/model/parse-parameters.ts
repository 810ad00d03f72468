import { type Micro, parseMicro } from './micro.ts'
import {
  type NetworkClass,
  PARAMETERS,
  type ParameterName,
  type ParameterRow,
  type Parameters,
} from './parameters.ts'
import { type Rejection, reject } from './rejection.ts'
import { ok, type Result } from './result.ts'

/** All values of a network of that class, where genesis says nothing. */
export function defaultParameters(networkClass: NetworkClass): Parameters {
  const rows = Object.entries(PARAMETERS).map(([name, row]) => [name, row[networkClass]])
  return Object.fromEntries(rows) as Parameters
}

const DEFAULTS: Readonly<Record<NetworkClass, Parameters>> = {
  production: defaultParameters('production'),
  development: defaultParameters('development'),
}

/**
 * The defaults with `overrides` in their place, as they stand on the wire: integers, amounts as decimal texts.
 * Rejects MALFORMED for a name that is none, a value of another type or beyond its bounds, and values that
 * do not fit one another; `field` is the name.
 */
export function parseParameters(
  networkClass: NetworkClass,
  overrides: Readonly<Record<string, unknown>>,
): Result<Parameters, Rejection> {
  const values: Record<string, unknown> = { ...DEFAULTS[networkClass] }
  for (const [name, value] of Object.entries(overrides)) {
    if (!isName(name))
      return reject('MALFORMED', 'no parameter of this name', name.slice(0, 40).toWellFormed())
    const parsed = parseValue(PARAMETERS[name], value, name)
    if (!parsed.ok) return parsed
    values[name] = parsed.value
  }
  const parameters = values as Parameters
  const broken = RELATIONS.find(({ holds }) => !holds(parameters))
  return broken === undefined ? ok(parameters) : reject('MALFORMED', broken.rule, broken.field)
}

function isName(name: string): name is ParameterName {
  return Object.hasOwn(PARAMETERS, name)
}

function parseValue(
  row: ParameterRow<number> | ParameterRow<bigint>,
  value: unknown,
  field: string,
): Result<number | Micro, Rejection> {
  if (typeof row.min === 'number') {
    if (!Number.isSafeInteger(value)) return reject('MALFORMED', 'expected an integer', field)
    return within(row, value as number, field)
  }
  if (typeof value !== 'string') return reject('MALFORMED', 'expected micro-credits as a text', field)
  const amount = parseMicro(value)
  return amount.ok ? within(row, amount.value, field) : reject('MALFORMED', amount.error.message, field)
}

function within<Value extends number | Micro>(
  { min, max }: ParameterRow<number> | ParameterRow<bigint>,
  value: Value,
  field: string,
): Result<Value, Rejection> {
  if (value >= min && value <= max) return ok(value)
  return reject('MALFORMED', `${value}, where ${min} to ${max} is allowed`, field)
}

interface Relation {
  readonly field: ParameterName
  readonly rule: string
  readonly holds: (parameters: Parameters) => boolean
}

const WHOLE = 1_000_000

const RELATIONS: readonly Relation[] = [
  {
    field: 'leaseTtlMs',
    rule: 'from leaseTtlMinMs to leaseTtlMaxMs',
    holds: (p) => p.leaseTtlMinMs <= p.leaseTtlMs && p.leaseTtlMs <= p.leaseTtlMaxMs,
  },
  {
    field: 'heartbeatIntervalMs',
    rule: 'at most leaseTtlMs',
    holds: (p) => p.heartbeatIntervalMs <= p.leaseTtlMs,
  },
  {
    field: 'needDeadlineMs',
    rule: 'at most needDeadlineMaxMs',
    holds: (p) => p.needDeadlineMs <= p.needDeadlineMaxMs,
  },
  {
    field: 'challengeWindowSmallMs',
    rule: 'at most challengeWindowMs',
    holds: (p) => p.challengeWindowSmallMs <= p.challengeWindowMs,
  },
  { field: 'resultQuorumMin', rule: 'at most kTarget', holds: (p) => p.resultQuorumMin <= p.kTarget },
  {
    field: 'slashToInsurancePpm',
    rule: 'with slashToChallengerPpm at most the whole',
    holds: (p) => p.slashToChallengerPpm + p.slashToInsurancePpm <= WHOLE,
  },
  {
    field: 'upheldToSeatsPpm',
    rule: 'with upheldToChallengerPpm at most the whole',
    holds: (p) => p.upheldToChallengerPpm + p.upheldToSeatsPpm <= WHOLE,
  },
  {
    field: 'bidFitWeightPpm',
    rule: 'the four weights of a bid make the whole',
    holds: (p) =>
      p.bidPriceWeightPpm + p.bidEtaWeightPpm + p.bidReputationWeightPpm + p.bidFitWeightPpm === WHOLE,
  },
]
