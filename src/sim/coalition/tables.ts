import { checkParameterBounds } from '../../core/market/bounds.ts'
import type { Parameters } from '../../model/parameters.ts'
import { playText } from './play.ts'
import { type Found, worstCoalition } from './search.ts'
import type { Setting, Side } from './setting.ts'

const CREDIT = 1_000_000n

/** Needs that are looked at: the largest verify_bounty of each class beside a small budget, and the other way round. */
const NEEDS = [
  { taskClass: 'simple', budget: 1n, bounty: 10n },
  { taskClass: 'simple', budget: 2n, bounty: 10n },
  { taskClass: 'complex', budget: 2n, bounty: 100n },
  { taskClass: 'critical', budget: 2n, bounty: 1_000n },
  { taskClass: 'critical', budget: 1_000n, bounty: 1n },
] as const

const NETWORKS = [
  { eligible: 4, isBootstrap: true },
  { eligible: 20, isBootstrap: false },
] as const

const SIDES: readonly Side[] = ['coalition', 'others']

/** What the first table looks at: needs of every class, in and after bootstrap mode, posted by either side. */
export function settingsOf(parameters: Parameters): readonly Setting[] {
  return NETWORKS.flatMap((network) =>
    NEEDS.flatMap(({ taskClass, budget, bounty }) =>
      SIDES.map((requester) => ({
        parameters,
        taskClass,
        budget: budget * CREDIT,
        bounty: bounty * CREDIT,
        ...network,
        requester,
      })),
    ),
  )
}

export const SETTING_HEAD =
  '| class | budget | verify_bounty | verifiers | requester | best gain | from the insurance | by |\n| --- | --- | --- | --- | --- | --- | --- | --- |'

/** One line of the first table. */
export function settingRow(setting: Setting): string {
  const { taskClass, budget, bounty, eligible, isBootstrap, requester } = setting
  const { gain, insured, play, plays } = worstCoalition(setting)
  const verifiers = isBootstrap ? `${eligible}, bootstrap` : `${eligible}`
  const by = gain > 0n ? playText(play) : `none of ${plays} plays gains`
  const cells = [taskClass, inCredits(budget), inCredits(bounty), verifiers, requester]
  return `| ${[...cells, inCredits(gain), inCredits(insured), by].join(' | ')} |`
}

/** A set of parameters that governance might choose, by what differs from the defaults. */
export type Change = Partial<Parameters>

/** Beside the defaults: splits of a slash up to where nothing burns, quorums, bonds, and shares of an invalidated bounty. */
export const GRID: readonly Change[] = [
  {},
  { slashToChallengerPpm: 500_000, slashToInsurancePpm: 400_000 },
  { slashToChallengerPpm: 900_000, slashToInsurancePpm: 0 },
  { slashToChallengerPpm: 0, slashToInsurancePpm: 990_000 },
  { slashToChallengerPpm: 0, slashToInsurancePpm: 0, slashToChallengerBootstrapPpm: 0 },
  { slashToChallengerPpm: 1_000_000, slashToInsurancePpm: 0 },
  { slashToChallengerPpm: 600_000, slashToInsurancePpm: 400_000 },
  { slashToChallengerPpm: 0, slashToInsurancePpm: 1_000_000 },
  { slashToChallengerBootstrapPpm: 990_000 },
  { slashToChallengerBootstrapPpm: 1_000_000 },
  { slashWrongVerdictPpm: 0, slashSilencePpm: 0, slashMissedBeatPpm: 0 },
  { upheldToChallengerPpm: 1_000_000, upheldToSeatsPpm: 0 },
  { upheldToChallengerPpm: 0, upheldToSeatsPpm: 1_000_000 },
  { kTarget: 1, resultQuorumMin: 1 },
  { kTarget: 9, resultQuorumRaise: 0 },
  { bondSchemaViolationMicro: 0n as Parameters['bondSchemaViolationMicro'], withdrawFeePpm: 0 },
  {
    workerBondSimpleMicro: 0n as Parameters['workerBondSimpleMicro'],
    workerBondComplexMicro: 0n as Parameters['workerBondComplexMicro'],
    workerBondCriticalMicro: 0n as Parameters['workerBondCriticalMicro'],
  },
]

/** What rules and search say of a set of parameters. */
export interface Verdict {
  /** By `checkParameterBounds`. */
  readonly isRefused: boolean
  /** The largest gain, and the largest shortfall, of all settings. */
  readonly gain: bigint
  readonly shortfall: bigint
}

/** True when the search found that somebody gains, or loses less than was at stake. */
export function isBroken({ gain, shortfall }: Verdict): boolean {
  return gain > 0n || shortfall > 0n
}

/**
 * The search over the need with the largest verify_bounty, of `attempts` attempts, under changed parameters; after bootstrap mode with
 * `eligible` verifiers.
 */
export function judgeChange(
  defaults: Parameters,
  change: Change,
  attempts: number,
  eligible: number,
): Verdict {
  const parameters = { ...defaults, ...change, attemptsMax: attempts }
  const most = parameters.verifyBountyCriticalMaxMicro
  const found = settingsOf(parameters)
    .filter(({ taskClass, bounty }) => taskClass === 'critical' && bounty === most)
    .map((setting) => worstCoalition(setting.isBootstrap ? setting : { ...setting, eligible }))
  return {
    isRefused: !checkParameterBounds(parameters).ok,
    gain: largest(found, ({ gain }) => gain),
    shortfall: largest(found, ({ shortfall }) => shortfall),
  }
}

function largest(found: readonly Found[], of: (one: Found) => bigint): bigint {
  return found.map(of).reduce((a, b) => (b > a ? b : a), 0n)
}

export const GRID_HEAD = '| parameters | rules | best gain | burned too little |\n| --- | --- | --- | --- |'

/** One line of the second table. */
export function gridRow(change: Change, { isRefused, gain, shortfall }: Verdict): string {
  const cells = [changeText(change), isRefused ? 'refused' : 'allowed', inCredits(gain), inCredits(shortfall)]
  return `| ${cells.join(' | ')} |`
}

function changeText(change: Change): string {
  const changes = Object.entries(change).map(([name, value]) => `${name} ${value}`)
  return changes.length === 0 ? 'the defaults' : changes.join(', ')
}

/** Credits with all decimals that there are. */
function inCredits(micro: bigint): string {
  const whole = micro / CREDIT
  const rest = (micro % CREDIT).toString().padStart(6, '0').replace(/0+$/u, '')
  return rest === '' ? `${whole}` : `${whole}.${rest}`
}
