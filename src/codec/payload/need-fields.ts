/** Fields that the verbs of a need share. Source: lifecycle.md, "Entries of a need". */
import * as z from 'zod'
import { count, durationMs, idLink, integer, text } from './fields.ts'

/** The last attempt and the last round of bids, from 0 on: nothing names a later one. */
export const ROUND_MAX = 255

export const needId = idLink.describe('id of the NEED')
export const proposalId = idLink.describe('id of the PROPOSE')
export const commitId = idLink.describe('id of the COMMIT')
export const challengeId = idLink.describe('id of the CHALLENGE_COMMIT')
export const leaseId = idLink.describe('id of the record that granted the lease')

export const attempt = integer(0, ROUND_MAX).describe("which worker's turn, from 0")
export const bidRound = integer(0, ROUND_MAX).describe('which round of bids, from 0')

export const leaseTtl = durationMs.describe('how long the lease lasts, ms')
export const heartbeatInterval = durationMs.describe('longest time between two heartbeats, ms')

export const verdict = z
  .enum(['accept', 'reject', 'unavailable'])
  .describe('accept is one side, all else the other; unavailable: what is to be judged cannot be had')

export const reason = text(0, 1_024).describe('for people')

/** Cost in the units of the policy meter. */
export const gas = count.describe('gas')
