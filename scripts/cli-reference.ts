/** docs/cli.md, out of the command tables: `npm run docs` writes it, a test checks that it is up to date. */
import type { Command, OptionSpec } from '../src/cli/command.ts'
import { EXIT } from '../src/cli/exit.ts'

const EXIT_ABOUT: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done',
  failed: 'failed',
  usage: 'bad usage, or a setting that cannot be',
  noDaemon: 'no daemon runs in this home',
  refused: 'refused by policy or state: the error names the rejection code',
  timedOut: 'timed out',
  mismatch: 'a record is not what it should be, or something of it was not checked',
  store: 'the store failed',
  interrupted: 'Ctrl-C ended the waiting: what was asked for goes on',
}

export function cliReference(commands: readonly Command[]): string {
  const exits = Object.entries(EXIT).map(
    ([name, code]) => `| ${code} | ${EXIT_ABOUT[name as keyof typeof EXIT]} |`,
  )
  return [
    '# Command line',
    '',
    'Written from the command tables by `npm run docs`.',
    '',
    'Data goes to standard output, everything else to standard error. Every command takes `--home DIR` (else',
    '`$CANSWARM_HOME`, else `~/.canswarm`) and `--json`: one object on standard output whose first field is `schema`, the',
    'name and version of its shape; listings print one such object a line. Within a version a shape only gains fields. A failure',
    'with `--json` is one object on standard error: `{"error": {code, message, field?, why?, todo?}}`. Colours appear only on a',
    'terminal and never with `NO_COLOR`.',
    '',
    '| exit code | means |',
    '| --- | --- |',
    ...exits,
    '',
    ...commands.flatMap(section),
  ].join('\n')
}

function section(command: Command): string[] {
  const words = command.arguments.map(({ name, optional, variadic }) => {
    const inner = variadic === true ? `${name}...` : name
    return optional === true ? `[${inner}]` : `<${inner}>`
  })
  const rows = [
    ...command.arguments.map(({ name, about }) => `| \`${name}\` | ${about} |`),
    ...Object.entries(command.options).map(
      ([name, spec]) => `| \`${flagOf(name, spec)}\` | ${describe(spec)} |`,
    ),
  ]
  return [
    `## ${command.path}`,
    '',
    `${command.about}.`,
    '',
    `    canswarm ${[command.path, ...words].join(' ')}${rows.length > words.length ? ' [options]' : ''}`,
    '',
    ...(rows.length > 0 ? ['| | |', '| --- | --- |', ...rows, ''] : []),
    'Examples:',
    '',
    ...command.examples.map((line) => `    ${line}`),
    '',
  ]
}

function describe({ about, choices }: OptionSpec): string {
  return choices === undefined ? about : `${about} (${choices.join(', ')})`
}

/** `--passphrase-file FILE` for `passphraseFile`. */
export function flagOf(name: string, { type, value }: OptionSpec): string {
  const flag = `--${name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`
  return type === 'boolean' ? flag : `${flag} ${value ?? 'VALUE'}`
}
