import type { Genesis } from '../../codec/genesis/genesis.ts'

/** Time between two slots of a play, ms; half of what passes at most. */
export const PLAY_SLOT_MS = 500

/** Windows of a few slots each, so that a whole life of a need takes some dozens of them. */
export const PLAY_PARAMETERS: Genesis['parameters'] = {
  slotMs: PLAY_SLOT_MS,
  bidWindowMs: 2_000,
  planRevealWindowMs: 2_000,
  planAttestWindowMs: 2_000,
  claimWindowMs: 2_000,
  leaseTtlMinMs: 1_000,
  attestWindowMs: 3_000,
  revealWindowMs: 2_000,
  needDeadlineMs: 120_000,
  splitAfterMs: 90_000,
  challengeWindowMs: 4_000,
  challengeWindowSmallMs: 3_000,
  escalationMs: 60_000,
  bidBanMs: 1_000,
  bidBanCountMs: 3_600_000,
}
