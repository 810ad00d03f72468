/**
 * Ways to break shim, store and host on purpose, so that tests can show that they would notice. Nothing but tests sets
 * one. Where each acts: a `shim-` one on what the engine hands out, those of the store around it, the others here.
 */
export const MUTANTS = [
  'shim-nothing-waits',
  'no-truncate',
  'carry-vote',
  'send-before-sync',
  'advance-before-write',
  'split-transaction',
  'drop-entries',
  'underway-as-stable',
  'full-as-stable',
  'go-on-after-fault',
  'forget-vote',
  'membership-from-start',
  'membership-not-kept',
  'checkpoint-behind',
  'apply-twice',
  'skip-entry',
  'skip-after-snapshot',
  'compact-too-far',
  'snapshot-failure-not-told',
  'ack-at-propose',
  'ack-unknown',
  'ack-on-lost-leader',
  'forget-settled',
  'requests-again',
  'read-without-quorum',
  'read-on-any-leader',
  'read-before-applied',
  'effect-twice',
  'effect-skip',
  'effect-once-sent',
  'admit-all',
  'sign-before-noting',
  'forget-notes',
] as const

export type Mutant = (typeof MUTANTS)[number]
