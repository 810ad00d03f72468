import tab from '@bomb.sh/tab/commander'
import { Argument, CommanderError, InvalidArgumentError, Option, Command as Program } from 'commander'
import type { Command, OptionSpec } from './command.ts'
import type { Context } from './context.ts'
import type { Report } from './report.ts'

export interface Globals {
  readonly home?: string
  readonly json?: boolean
}

export interface Invocation {
  readonly globals: Globals
  run(context: Context): Promise<Report>
}

/**
 * The command line as commander has it, from the table of commands; `onInvoke` gets what was asked
 * for, `complaints` the text about bad usage. Completion comes from the same tree. Throws `CommanderError` on bad usage and after help.
 */
export function buildProgram(
  commands: readonly Command[],
  version: string,
  onInvoke: (one: Invocation) => void,
  complaints: (text: string) => void,
): Program {
  const program = new Program('canswarm')
    .description(
      'A network in which agents that do not trust one another hand out work, check it and pay for it.',
    )
    .version(version, '-V, --version')
    .showHelpAfterError('(canswarm --help shows what there is)')
    .showSuggestionAfterError()
    // `need ls --json`: what follows the inner command's name is the inner command's.
    .enablePositionalOptions()
    .configureOutput({ writeErr: (text) => complaints(text) })
    .exitOverride()
  for (const command of commands) attach(program, command, onInvoke)
  tab(program, { completionCommandName: 'completion' })
  return program
}

function attach(program: Program, command: Command, onInvoke: (one: Invocation) => void): void {
  const words = command.path.split(' ')
  const leaf = words.pop() ?? ''
  const child = groupOf(program, words)
    .command(leaf)
    .description(command.about)
    .addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join('\n')}`)
    .exitOverride()
    .enablePositionalOptions()
  for (const { name, about, optional, variadic } of command.arguments) {
    const inner = variadic === true ? `${name}...` : name
    child.addArgument(new Argument(optional === true ? `[${inner}]` : `<${inner}>`, about))
  }
  for (const [name, spec] of Object.entries(command.options)) child.addOption(optionOf(name, spec))
  child
    .option('--home <DIR>', 'home directory of the node (else $CANSWARM_HOME, else ~/.canswarm)')
    .option('--json', 'print the result as JSON')
    .action((...all: unknown[]) => {
      const given = child.opts<Record<string, unknown> & Globals>()
      const args = all.slice(0, command.arguments.length)
      onInvoke({ globals: given, run: (context) => command.run(context, args, given) })
    })
}

function groupOf(program: Program, words: readonly string[]): Program {
  let at = program
  for (const word of words) {
    at =
      at.commands.find((one) => one.name() === word) ??
      at
        .command(word)
        .description(ABOUT_GROUP[word] ?? '')
        .exitOverride()
  }
  return at
}

const ABOUT_GROUP: Readonly<Record<string, string>> = {
  cas: 'Content of this node, by its CID',
  gov: 'What the keys that govern the network sign',
  import: 'Take what others exported',
  agent: 'Capabilities that are attached to this node',
  config: 'Settings of this node',
  did: 'Identity documents',
  envelope: 'Sign, check and read envelopes',
  journal: "This node's own diary",
  ledger: 'The books of the network',
  keys: 'Keys of this node and of the agents it hosts',
  thread: 'Threads: list, show, follow',
  verifier: 'Verifiers: list them, be one',
  plan: 'Plans of threads',
  policy: 'Policies: build, test, sign and try them',
}

function optionOf(name: string, spec: OptionSpec): Option {
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const option = new Option(spec.type === 'boolean' ? flag : `${flag} <${spec.value ?? 'VALUE'}>`, spec.about)
  option.negate = false // `--no-artifacts` is an option of that name, not the opposite of another
  if (spec.type === 'integer') option.argParser(parseInteger)
  if (spec.type === 'boolean') option.default(false)
  if (spec.choices !== undefined) option.choices(spec.choices)
  return option
}

function parseInteger(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('A whole number is wanted.')
  return value
}

/** True when commander has already printed what there is to say. */
export function isUsage(error: unknown): error is CommanderError {
  return error instanceof CommanderError
}
