import type { Command } from './command.ts'

type Load = () => Promise<Command>

/**
 * Every command by its path, in the order of the help. Each is loaded when it is asked for: most of them need a small part of
 * the program, and all of it takes most of a second to load.
 */
const LOADERS: readonly (readonly [path: string, load: Load])[] = [
  ['init', async () => (await import('./node/init.ts')).init],
  ['card', async () => (await import('./node/card.ts')).card],
  ['start', async () => (await import('./node/start.ts')).start],
  ['stop', async () => (await import('./commands/stop.ts')).stop],
  ['dev', async () => (await import('./node/dev.ts')).dev],
  ['demo', async () => (await import('./node/demo.ts')).demo],
  ['status', async () => (await import('./commands/status.ts')).status],
  ['peers', async () => (await import('./commands/peers.ts')).peers],
  ['logs', async () => (await import('./commands/logs.ts')).logs],
  ['doctor', async () => (await import('./node/doctor.ts')).doctor],
  ['need', async () => (await import('./commands/need.ts')).need],
  ['need ls', async () => (await import('./commands/need-show.ts')).needLs],
  ['need show', async () => (await import('./commands/need-show.ts')).needShow],
  ['cancel', async () => (await import('./commands/cancel.ts')).cancel],
  ['propose', async () => (await import('./commands/by-hand.ts')).propose],
  ['claim', async () => (await import('./commands/by-hand.ts')).claim],
  ['heartbeat', async () => (await import('./commands/by-hand.ts')).heartbeat],
  ['commit', async () => (await import('./commands/by-hand.ts')).commit],
  ['yield', async () => (await import('./commands/by-hand.ts')).giveUp],
  ['attest', async () => (await import('./commands/by-hand.ts')).attest],
  ['challenge', async () => (await import('./commands/challenge.ts')).challenge],
  ['challenge review', async () => (await import('./commands/challenge-review.ts')).challengeReview],
  ['challenge verdict', async () => (await import('./commands/challenge-review.ts')).challengeVerdict],
  ['challenge withdraw', async () => (await import('./commands/challenge.ts')).challengeWithdraw],
  ['gov ls', async () => (await import('./commands/governance.ts')).govLs],
  ['gov review', async () => (await import('./commands/governance.ts')).govReview],
  ['agent add', async () => (await import('./commands/agent.ts')).agentAdd],
  ['agent ls', async () => (await import('./commands/agent.ts')).agentLs],
  ['agent rm', async () => (await import('./commands/agent.ts')).agentRm],
  ['agent logs', async () => (await import('./commands/agent.ts')).agentLogs],
  ['balance', async () => (await import('./commands/balance.ts')).balance],
  ['transfer', async () => (await import('./commands/ledger.ts')).transfer],
  ['stake', async () => (await import('./commands/ledger.ts')).stake],
  ['unstake', async () => (await import('./commands/ledger.ts')).unstake],
  ['unbond', async () => (await import('./commands/ledger.ts')).unbond],
  ['ledger history', async () => (await import('./commands/ledger-history.ts')).ledgerHistory],
  ['ledger verify', async () => (await import('./commands/ledger.ts')).ledgerVerify],
  ['verifier ls', async () => (await import('./commands/verifier.ts')).verifierLs],
  ['verifier register', async () => (await import('./commands/verifier.ts')).verifierRegister],
  ['verifier deregister', async () => (await import('./commands/verifier.ts')).verifierDeregister],
  ['backup', async () => (await import('./commands/backup.ts')).backup],
  ['restore', async () => (await import('./node/restore.ts')).restore],
  ['keys show', async () => (await import('./node/keys-show.ts')).keysShow],
  ['keys create', async () => (await import('./node/keys-create.ts')).keysCreate],
  ['keys export', async () => (await import('./node/keys-export.ts')).keysExport],
  ['keys import', async () => (await import('./node/keys-import.ts')).keysImport],
  ['keys passwd', async () => (await import('./node/keys-passwd.ts')).keysPasswd],
  ['did resolve', async () => (await import('./node/did-resolve.ts')).didResolve],
  ['did document', async () => (await import('./node/did-document.ts')).didDocument],
  ['envelope sign', async () => (await import('./node/envelope-sign.ts')).envelopeSign],
  ['envelope verify', async () => (await import('./node/envelope-verify.ts')).envelopeVerify],
  ['envelope show', async () => (await import('./node/envelope-show.ts')).envelopeShow],
  ['export', async () => (await import('./node/export.ts')).exportCommand],
  ['import thread', async () => (await import('./node/import.ts')).importThread],
  ['replay', async () => (await import('./node/replay.ts')).replayCommand],
  ['thread ls', async () => (await import('./commands/thread.ts')).threadLs],
  ['thread show', async () => (await import('./node/thread-show.ts')).threadShow],
  ['thread watch', async () => (await import('./commands/thread.ts')).threadWatch],
  ['plan show', async () => (await import('./commands/plan.ts')).planShow],
  ['plan patch', async () => (await import('./commands/plan-patch.ts')).planPatch],
  ['journal show', async () => (await import('./node/journal-show.ts')).journalShow],
  ['journal verify', async () => (await import('./node/journal-verify.ts')).journalVerify],
  ['cas put', async () => (await import('./node/cas-put.ts')).casPut],
  ['cas get', async () => (await import('./node/cas-get.ts')).casGet],
  ['cas ls', async () => (await import('./node/cas-ls.ts')).casLs],
  ['cas exists', async () => (await import('./node/cas-exists.ts')).casExists],
  ['cas hash', async () => (await import('./node/cas-hash.ts')).casHash],
  ['cas pin', async () => (await import('./node/cas-pin.ts')).casPin],
  ['cas unpin', async () => (await import('./node/cas-pin.ts')).casUnpin],
  ['cas gc', async () => (await import('./node/cas-gc.ts')).casGc],
  ['cas verify', async () => (await import('./node/cas-verify.ts')).casVerify],
  ['policy build', async () => (await import('./node/policy-build.ts')).policyBuild],
  ['policy test', async () => (await import('./node/policy-test.ts')).policyTest],
  ['policy sign', async () => (await import('./node/policy-sign.ts')).policySign],
  ['policy inspect', async () => (await import('./node/policy-inspect.ts')).policyInspect],
  ['policy eval', async () => (await import('./node/policy-eval.ts')).policyEval],
  ['policy what-if', async () => (await import('./node/policy-what-if.ts')).policyWhatIf],
  ['config show', async () => (await import('./node/config-show.ts')).configShow],
  ['version', async () => (await import('./node/version.ts')).version],
]

/** All of them: for the help, completion and the reference. */
export async function allCommands(): Promise<readonly Command[]> {
  return await Promise.all(LOADERS.map(([, load]) => load()))
}

/** Paths, in the order of the help. */
export const COMMAND_PATHS: readonly string[] = LOADERS.map(([path]) => path)

/**
 * Those that a command line can mean: of its first word, for the help of a group too; all of them where that says nothing.
 */
export async function commandsFor(argv: readonly string[]): Promise<readonly Command[]> {
  const [word = ''] = argv
  const meant = LOADERS.filter(([path]) => path === word || path.startsWith(`${word} `))
  return meant.length === 0 ? await allCommands() : await Promise.all(meant.map(([, load]) => load()))
}
