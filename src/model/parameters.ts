/**
 * The numbers of a network that genesis names and governance changes. Fixed numbers of a format are not here.
 * Names end in their unit: Ms (milliseconds of slot time), Ppm (parts per million), Micro (micro-credits); others
 * are plain counts. They are the same in code and on the wire, where an amount is a decimal text.
 * Source: lifecycle.md, "Defaults"; consensus.md, "Quorums", "Membership"; economy.md; policy.md; network.md.
 */
import { MICRO_PER_CREDIT, type Micro } from './micro.ts'

/** How careful a network is where its genesis says nothing: short times and no caps in development. */
export type NetworkClass = 'production' | 'development'

/** What is fixed of a parameter: its bounds, both included, and its value where genesis says nothing. */
export interface ParameterRow<Value extends number | bigint> {
  readonly about: string
  readonly min: Value
  readonly max: Value
  readonly production: Value
  readonly development: Value
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const WHOLE = 1_000_000
const CREDITS_MAX = 1_000_000_000n

export const PARAMETERS = {
  slotMs: ms('least time between two slots', 20, MINUTE, SECOND, 50),
  bidWindowMs: ms('time for bids', 20, DAY, 30 * SECOND, 250),
  planRevealWindowMs: ms('time to reveal the plan', 20, DAY, 30 * SECOND, SECOND),
  planAttestWindowMs: ms('time to judge the plan, from when a majority saw it', 20, DAY, 30 * SECOND, SECOND),
  claimWindowMs: ms('time to claim', 20, DAY, 30 * SECOND, SECOND),
  leaseTtlMs: ms('length of a lease that names none', 100, 7 * DAY, MINUTE, MINUTE),
  leaseTtlMinMs: ms('shortest lease', 100, HOUR, 5 * SECOND, SECOND),
  leaseTtlMaxMs: ms('longest lease', SECOND, 7 * DAY, HOUR, HOUR),
  heartbeatIntervalMs: ms('time between heartbeats of a lease that names none', 50, HOUR, 10 * SECOND, 500),
  missedBeatsMax: plain('missed heartbeats that end a lease', 1, 100, 3),
  attestWindowMs: ms('time to judge a result', 50, DAY, 2 * MINUTE, 5 * SECOND),
  revealWindowMs: ms('time to reveal a commitment', 50, DAY, 30 * SECOND, SECOND),
  needDeadlineMs: ms('deadline of a need that names none', SECOND, 30 * DAY, HOUR, HOUR),
  needDeadlineMaxMs: ms('longest deadline of a need', SECOND, 30 * DAY, 7 * DAY, 7 * DAY),
  splitAfterMs: ms('time from `commit` to `split`', SECOND, 30 * DAY, 72 * HOUR, 72 * HOUR),
  challengeWindowMs: ms('time for challenges (T_challenge)', 100, 30 * DAY, 24 * HOUR, 2 * SECOND),
  challengeWindowSmallMs: ms('the same for small simple needs', 100, 30 * DAY, 10 * MINUTE, 2 * SECOND),
  smallBudgetMicro: credits('largest budget of a small simple need', 1),
  escalationMs: ms('last deadline of a challenge', SECOND, 30 * DAY, 72 * HOUR, 72 * HOUR),
  attemptsMax: plain('attempts of a need', 1, 64, 5),
  emptyBidRoundsMax: plain('rounds without a bid until a need expires', 1, 16, 3),
  improvingRoundsMax: plain('improving rounds that a need may ask for', 0, 3, 3),
  rankedBidsMax: plain('bids that `close` keeps', 1, 64, 64),
  unbondingMs: ms('time from `unstake` to free credits', SECOND, 90 * DAY, 7 * DAY, 10 * SECOND),

  verifierStakeMinMicro: credits('least stake of an active verifier', 100),
  workerBondSimpleMicro: credits("worker's bond, class simple over the small budget", 10),
  workerBondComplexMicro: credits("worker's bond, class complex", 50),
  workerBondCriticalMicro: credits("worker's bond, class critical", 200),
  verifyBountySimpleMaxMicro: credits('largest verify_bounty, class simple', 10),
  verifyBountyComplexMaxMicro: credits('largest verify_bounty, class complex', 100),
  verifyBountyCriticalMaxMicro: credits('largest verify_bounty, class critical', 1_000),

  kTarget: plain('equal verdicts that are aimed at', 1, 64, 5),
  planAlphaPpm: share('part of the eligible verifiers that K_plan takes', 300_000),
  resultAlphaPpm: share('part of the eligible verifiers that K_result takes', 300_000),
  resultQuorumMin: plain('least K_result after bootstrap', 1, 64, 2),
  resultQuorumRaise: plain('rise of K_result after an upheld challenge', 0, 64, 2),
  bootstrapVerifiers: plain('active verifiers that end bootstrap mode', 1, 1_000, 10),
  bootstrapSettleMs: ms('time for which they must stay', SECOND, 30 * DAY, DAY, DAY),
  votersMax: plain('voters of the system group', 1, 7, 7),
  replicas: plain("voters of a bucket's group", 1, 7, 3, 5),
  deadVoterMs: ms('time until a dead voter is replaced', SECOND, DAY, 10 * MINUTE, 10 * MINUTE),
  shardBits: plain('topics of needs and of plans, as a power of two', 0, 8, 0),

  slashWrongVerdictPpm: share("of a verifier's stake, for a wrong ATTEST", 500_000),
  slashMissedBeatPpm: share("of a worker's bond, for each missed heartbeat", 10_000),
  slashLateYieldPpm: share("of a worker's bond, for yielding after a third of the lease", 10_000),
  slashUnrevealedPlanPpm: share("of a worker's bond, for a plan that was not revealed", 100_000),
  slashSilencePpm: share("of a verifier's stake, for silence in a seat", 10_000),
  slashPolicyPpm: share('for a policy violation, doubling with each repeat', 100_000),
  slashPolicyRepeatMs: ms('time within which it is a repeat', HOUR, 365 * DAY, 30 * DAY, 30 * DAY),
  slashEquivocationPpm: share('for equivocation', WHOLE),
  slashToChallengerPpm: share('of a slash, to the challenger', 300_000),
  slashToInsurancePpm: share('of a slash, to the insurance account; the rest burns', 200_000),
  slashToChallengerBootstrapPpm: share('of a slash, to the challenger in bootstrap mode', 500_000),
  upheldToChallengerPpm: share('of the unpaid verify_bounty, to the challenger', 500_000),
  upheldToSeatsPpm: share('of the unpaid verify_bounty, to honest seats; the rest burns', 400_000),

  reputationStartPpm: share('reputation of who is new', 500_000),
  reputationUpheldPpm: share('gain for an upheld challenge of its own', 100_000),
  reputationFailedPpm: share('loss for a failed attestation', 300_000),
  reputationConfirmedPpm: share('gain for a confirmed attestation', 2_000),
  reputationIdlePpm: share('loss of itself for a week without activity', 50_000),
  recencyStartPpm: share('recency of a new registration', 100_000),
  recencyStepPpm: share('gain or loss of recency for a day', 100_000),
  orgCapPpm: share('most seats of one organisation', 300_000, WHOLE),
  asnCapPpm: share('most seats of one autonomous system', 400_000, WHOLE),
  regionCapPpm: share('most seats of one region', 500_000, WHOLE),
  relatedPartyRule: plain('1: related parties get neither lease nor seat', 0, 1, 1, 0),
  auditPpm: share('needs that audit accounts post', 50_000),
  teeWeightPpm: plain('weight and fee of attested verifiers', WHOLE, 2 * WHOLE, 1_250_000),

  bidPriceWeightPpm: share('weight of the price in the ranking', 400_000),
  bidEtaWeightPpm: share('weight of the eta', 150_000),
  bidReputationWeightPpm: share('weight of the reputation', 300_000),
  bidFitWeightPpm: share('weight of the fit of capabilities', 150_000),
  bidImprovementPpm: share('by which an improving bid must be better', 10_000),
  bidBanMs: ms('no bids after two without reveal or claim', SECOND, 30 * DAY, HOUR, HOUR),
  bidBanCountMs: ms('time within which the two count', SECOND, 30 * DAY, DAY, DAY),

  bondSchemaViolationMicro: credits('bond of a challenge by SCHEMA_VIOLATION', 10),
  bondMissingCitationMicro: credits('bond by MISSING_CITATION', 25),
  bondSemanticContradictionMicro: credits('bond by SEMANTIC_CONTRADICTION', 50),
  bondOutputMismatchMicro: credits('bond by OUTPUT_MISMATCH', 100),
  bondPolicyBreachMicro: credits('bond by POLICY_BREACH', 25),
  bondComplexTimes: plain('factor of a bond, class complex', 1, 100, 2),
  bondCriticalTimes: plain('factor of a bond, class critical', 1, 100, 5),
  withdrawFeePpm: share('of the bond, for a challenge that is withdrawn', 100_000),
  proofBytesMax: plain('largest proof, bytes', 256, 10_240, 10_240),
  proofGasMax: plain('gas of a predicate proof', 1_000, 100_000_000, 100_000),
  policyGasMax: plain(
    'gas of a policy evaluation where the capsule says nothing',
    1_000,
    1_000_000_000,
    1_000_000,
  ),
  artifactBytesMax: plain('largest artifact that voters pin, bytes', 65_536, 2 ** 32, 64 * 2 ** 20),

  voteQuorumPpm: share('of the staked credits, for a vote to count', 400_000),
  voteThresholdPpm: share('of the votes, to pass', 600_000),
  voteTimeLockMs: ms('time from a vote to its effect', SECOND, 90 * DAY, 48 * HOUR, 48 * HOUR),
  emergencyPpm: share('of the voters, for what takes effect at once', 800_000),
  checkpointMs: ms('time between checkpoints', MINUTE, 7 * DAY, HOUR, HOUR),
  checkpointEntries: plain('entries between checkpoints', 100, 10_000_000, 10_000),
} as const satisfies Record<string, ParameterRow<number> | ParameterRow<bigint>>

export type ParameterName = keyof typeof PARAMETERS

/** The value of every parameter: `Micro` for amounts, an integer for all else. */
export type Parameters = {
  readonly [Name in ParameterName]: (typeof PARAMETERS)[Name]['min'] extends bigint ? Micro : number
}

function ms(
  about: string,
  min: number,
  max: number,
  production: number,
  development: number,
): ParameterRow<number> {
  return { about, min, max, production, development }
}

function plain(
  about: string,
  min: number,
  max: number,
  production: number,
  development: number = production,
): ParameterRow<number> {
  return { about, min, max, production, development }
}

function share(about: string, production: number, development: number = production): ParameterRow<number> {
  return { about, min: 0, max: WHOLE, production, development }
}

function credits(about: string, amount: number): ParameterRow<bigint> {
  const value = BigInt(amount) * MICRO_PER_CREDIT
  return { about, min: 0n, max: CREDITS_MAX * MICRO_PER_CREDIT, production: value, development: value }
}
