import type { Command } from './command.ts'
import { configShow } from './node/config-show.ts'
import { didDocument } from './node/did-document.ts'
import { didResolve } from './node/did-resolve.ts'
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
import { threadShow } from './node/thread-show.ts'
import { version } from './node/version.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  init,
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
  threadShow,
  journalShow,
  journalVerify,
  policyBuild,
  policyTest,
  policySign,
  policyInspect,
  policyEval,
  policyWhatIf,
  configShow,
  version,
]
