/** Where a verb of the local API is found. What stands in braces comes out of the input. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** Longest time for an answer; 30 s unless it is said. */
  readonly timeoutMs?: number
}

const MINUTE_MS = 60_000

/** Every verb of the local API. Plain data, so that a client needs nothing else of this repository while it runs. */
export const ROUTES = {
  status: { method: 'GET', path: '/v1/status' },
  stop: { method: 'POST', path: '/v1/stop' },
  peers: { method: 'GET', path: '/v1/peers' },
  peersConnect: { method: 'POST', path: '/v1/peers/connect', timeoutMs: 45_000 },
  peersBan: { method: 'POST', path: '/v1/peers/ban' },
  peersUnban: { method: 'POST', path: '/v1/peers/unban' },
  balance: { method: 'GET', path: '/v1/balance' },
  need: { method: 'POST', path: '/v1/needs' },
  needs: { method: 'GET', path: '/v1/needs' },
  needShow: { method: 'GET', path: '/v1/needs/{need}' },
  cancel: { method: 'POST', path: '/v1/needs/{need}/cancel' },
  propose: { method: 'POST', path: '/v1/needs/{need}/propose' },
  claim: { method: 'POST', path: '/v1/needs/{need}/claim' },
  heartbeat: { method: 'POST', path: '/v1/needs/{need}/heartbeat' },
  commit: { method: 'POST', path: '/v1/needs/{need}/commit' },
  giveUp: { method: 'POST', path: '/v1/needs/{need}/yield' },
  attest: { method: 'POST', path: '/v1/needs/{need}/attest' },
  threads: { method: 'GET', path: '/v1/threads' },
  threadShow: { method: 'GET', path: '/v1/threads/{thread}' },
  transfer: { method: 'POST', path: '/v1/ledger/transfer' },
  stake: { method: 'POST', path: '/v1/ledger/stake' },
  unstake: { method: 'POST', path: '/v1/ledger/unstake' },
  unbond: { method: 'POST', path: '/v1/ledger/unbond' },
  ledgerHistory: { method: 'GET', path: '/v1/ledger/history' },
  ledgerVerify: { method: 'GET', path: '/v1/ledger/verify' },
  verifierRegister: { method: 'POST', path: '/v1/verifiers' },
  verifierDeregister: { method: 'DELETE', path: '/v1/verifiers' },
  verifiers: { method: 'GET', path: '/v1/verifiers' },
  agents: { method: 'GET', path: '/v1/agents' },
  agentAdd: { method: 'POST', path: '/v1/agents' },
  agentRemove: { method: 'DELETE', path: '/v1/agents/{name}' },
  agentLogs: { method: 'GET', path: '/v1/agents/logs' },
  plan: { method: 'GET', path: '/v1/threads/{thread}/plan' },
  planPatch: { method: 'POST', path: '/v1/threads/{thread}/plan' },
  challenge: { method: 'POST', path: '/v1/needs/{need}/challenges' },
  challengeReview: { method: 'GET', path: '/v1/challenges' },
  verdict: { method: 'POST', path: '/v1/needs/{need}/challenges/{challenge}/verdict' },
  withdraw: { method: 'POST', path: '/v1/needs/{need}/challenges/{challenge}/withdraw' },
  governance: { method: 'GET', path: '/v1/governance' },
  governReview: { method: 'POST', path: '/v1/needs/{need}/challenges/{challenge}/review' },
  content: { method: 'GET', path: '/v1/content' },
  contentHas: { method: 'GET', path: '/v1/content/{cid}' },
  contentPin: { method: 'POST', path: '/v1/content/{cid}/pin' },
  contentUnpin: { method: 'POST', path: '/v1/content/unpin' },
  contentGc: { method: 'POST', path: '/v1/content/gc', timeoutMs: 10 * MINUTE_MS },
  contentVerify: { method: 'POST', path: '/v1/content/verify', timeoutMs: 10 * MINUTE_MS },
  logs: { method: 'GET', path: '/v1/logs' },
  settings: { method: 'GET', path: '/v1/settings' },
  backup: { method: 'POST', path: '/v1/backup', timeoutMs: 360 * MINUTE_MS },
} as const satisfies Readonly<Record<string, Route>>

const TIMEOUT_MS = 30_000

/** Longest time for an answer, milliseconds. */
export function timeoutOf({ timeoutMs = TIMEOUT_MS }: Route): number {
  return timeoutMs
}

export type VerbName = keyof typeof ROUTES
