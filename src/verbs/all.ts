import { stake, transfer, unbond, unstake } from './account-verbs.ts'
import { agentAdd, agentLogs, agentRemove, agents } from './agents.ts'
import { balance } from './balance.ts'
import { attest, claim, commit, giveUp, heartbeat, propose, verdict } from './by-hand.ts'
import { cancel } from './cancel.ts'
import { challenge, withdraw } from './challenge.ts'
import { challengeReview } from './challenge-review.ts'
import { content, contentGc, contentHas, contentPin, contentUnpin, contentVerify } from './content.ts'
import { governance, governReview } from './governance.ts'
import { ledgerHistory } from './ledger-history.ts'
import { ledgerVerify } from './ledger-verify.ts'
import { need } from './need.ts'
import { needShow, needs } from './needs.ts'
import { backup, logs, settings } from './node-verbs.ts'
import { peers, peersBan, peersConnect, peersUnban } from './peers.ts'
import { plan } from './plan.ts'
import { planPatch } from './plan-patch.ts'
import type { VerbName } from './routes.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import { threadShow, threads } from './threads.ts'
import { verifierDeregister, verifierRegister, verifiers } from './verifiers.ts'

/** Every verb of the local API by its name, in the order of its documentation. */
export const API_VERBS = {
  status,
  stop,
  peers,
  peersConnect,
  peersBan,
  peersUnban,
  balance,
  need,
  needs,
  needShow,
  cancel,
  propose,
  claim,
  heartbeat,
  commit,
  giveUp,
  attest,
  threads,
  threadShow,
  transfer,
  stake,
  unstake,
  unbond,
  ledgerHistory,
  ledgerVerify,
  verifiers,
  verifierRegister,
  verifierDeregister,
  agents,
  agentAdd,
  agentRemove,
  agentLogs,
  plan,
  planPatch,
  challenge,
  challengeReview,
  verdict,
  withdraw,
  governance,
  governReview,
  content,
  contentHas,
  contentPin,
  contentUnpin,
  contentGc,
  contentVerify,
  logs,
  settings,
  backup,
} as const satisfies Readonly<Record<VerbName, object>>

export type ApiVerbs = typeof API_VERBS
