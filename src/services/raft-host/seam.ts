/**
 * Ways to break the host on purpose, so that tests can show that they would notice. Nothing but tests sets one.
 */
export type Mutant =
  | 'send-before-sync'
  | 'forget-vote'
  | 'drop-entries'
  | 'apply-twice'
  | 'skip-entry'
  | 'skip-after-snapshot'
  | 'membership-from-start'
  | 'ack-at-propose'
  | 'ack-unknown'
  | 'read-without-quorum'
  | 'read-before-applied'
  | 'forget-settled'
  | 'effect-twice'
  | 'effect-skip'
  | 'checkpoint-ahead'
  | 'advance-before-write'
  | 'stale-commit-acks'
  | 'no-truncate'
