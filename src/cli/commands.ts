import type { Command } from './command.ts'
import { agentAdd, agentLogs, agentLs, agentRm } from './commands/agent.ts'
import { backup } from './commands/backup.ts'
import { balance } from './commands/balance.ts'
import { cancel } from './commands/cancel.ts'
import { challenge, challengeWithdraw } from './commands/challenge.ts'
import { ledgerVerify, stake, transfer, unbond, unstake } from './commands/ledger.ts'
import { logs } from './commands/logs.ts'
import { need } from './commands/need.ts'
import { needLs, needShow } from './commands/need-show.ts'
import { peers } from './commands/peers.ts'
import { planShow } from './commands/plan.ts'
import { status } from './commands/status.ts'
import { stop } from './commands/stop.ts'
import { threadLs, threadWatch } from './commands/thread.ts'
import { verifierDeregister, verifierLs, verifierRegister } from './commands/verifier.ts'
import { casExists } from './node/cas-exists.ts'
import { casGc } from './node/cas-gc.ts'
import { casGet } from './node/cas-get.ts'
import { casHash } from './node/cas-hash.ts'
import { casLs } from './node/cas-ls.ts'
import { casPin, casUnpin } from './node/cas-pin.ts'
import { casPut } from './node/cas-put.ts'
import { casVerify } from './node/cas-verify.ts'
import { configShow } from './node/config-show.ts'
import { demo } from './node/demo.ts'
import { dev } from './node/dev.ts'
import { didDocument } from './node/did-document.ts'
import { didResolve } from './node/did-resolve.ts'
import { doctor } from './node/doctor.ts'
import { envelopeShow } from './node/envelope-show.ts'
import { envelopeSign } from './node/envelope-sign.ts'
import { envelopeVerify } from './node/envelope-verify.ts'
import { exportCommand } from './node/export.ts'
import { importThread } from './node/import.ts'
import { init } from './node/init.ts'
import { journalShow } from './node/journal-show.ts'
import { journalVerify } from './node/journal-verify.ts'
import { keysCreate } from './node/keys-create.ts'
import { keysExport } from './node/keys-export.ts'
import { keysImport } from './node/keys-import.ts'
import { keysPasswd } from './node/keys-passwd.ts'
import { keysShow } from './node/keys-show.ts'
import { policyBuild } from './node/policy-build.ts'
import { policyEval } from './node/policy-eval.ts'
import { policyInspect } from './node/policy-inspect.ts'
import { policySign } from './node/policy-sign.ts'
import { policyTest } from './node/policy-test.ts'
import { policyWhatIf } from './node/policy-what-if.ts'
import { replayCommand } from './node/replay.ts'
import { restore } from './node/restore.ts'
import { start } from './node/start.ts'
import { threadShow } from './node/thread-show.ts'
import { version } from './node/version.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  init,
  start,
  stop,
  dev,
  demo,
  status,
  peers,
  logs,
  doctor,
  need,
  needLs,
  needShow,
  cancel,
  challenge,
  challengeWithdraw,
  agentAdd,
  agentLs,
  agentRm,
  agentLogs,
  balance,
  transfer,
  stake,
  unstake,
  unbond,
  ledgerVerify,
  verifierLs,
  verifierRegister,
  verifierDeregister,
  backup,
  restore,
  keysShow,
  keysCreate,
  keysExport,
  keysImport,
  keysPasswd,
  didResolve,
  didDocument,
  envelopeSign,
  envelopeVerify,
  envelopeShow,
  exportCommand,
  importThread,
  replayCommand,
  threadLs,
  threadShow,
  threadWatch,
  planShow,
  journalShow,
  journalVerify,
  casPut,
  casGet,
  casLs,
  casExists,
  casHash,
  casPin,
  casUnpin,
  casGc,
  casVerify,
  policyBuild,
  policyTest,
  policySign,
  policyInspect,
  policyEval,
  policyWhatIf,
  configShow,
  version,
]
