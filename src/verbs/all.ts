import { balance } from './balance.ts'
import { cancel } from './cancel.ts'
import { need } from './need.ts'
import { needShow, needs } from './needs.ts'
import { peers, peersBan, peersConnect, peersUnban } from './peers.ts'
import type { VerbName } from './routes.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import { threadShow, threads } from './threads.ts'

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
  threads,
  threadShow,
} as const satisfies Readonly<Record<VerbName, object>>

export type ApiVerbs = typeof API_VERBS
