import { readFileSync } from 'node:fs'
import { FaultError } from '../../model/fault.ts'
import { loadConfig } from '../../node/home.ts'
import type { OptionSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { usageError } from '../failure.ts'

/** A passphrase is one line; more than this is some other file. */
const FILE_CHARS_MAX = 1_024

export const PASSPHRASE_OPTION = {
  passphraseFile: {
    type: 'string',
    value: 'FILE',
    about: 'file whose first line is the passphrase of the key (else the setting, else the terminal)',
  },
} as const satisfies Record<string, OptionSpec>

/**
 * The passphrase of a sealed key: from the file that the option or the setting names, else asked for.
 * Faults `passphrase` when there is neither file nor terminal.
 */
export async function passphraseOf(context: Context, key: string, file: string | undefined): Promise<string> {
  const path = file ?? loadConfig(context.home, context.env).config.passphraseFile
  if (path !== '') return firstLine(path)
  return await ask(context, `Passphrase of the key "${key}"`)
}

/** A passphrase for what is sealed from now on: out of the file, or asked for twice. */
export async function newPassphrase(context: Context, file: string | undefined): Promise<string> {
  if (file !== undefined) return firstLine(file)
  const first = await ask(context, 'New passphrase')
  const again = await ask(context, 'The same again')
  if (first !== again) throw new FaultError('passphrase', 'the two passphrases differ: nothing was changed')
  return first
}

async function ask(context: Context, question: string): Promise<string> {
  if (!context.interactive) {
    throw new FaultError('passphrase', 'a passphrase is needed and there is no terminal to ask on')
  }
  const answer = await context.askSecret(question)
  if (answer === undefined) throw usageError('cancelled: nothing was changed')
  return answer
}

function firstLine(path: string): string {
  const text = readText(path)
  if (text.length > FILE_CHARS_MAX)
    throw new FaultError('passphrase', `${path} is no passphrase file: it is too long`)
  return text.split(/\r?\n/, 1)[0] ?? ''
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new FaultError('passphrase', `cannot read the passphrase file ${path}`, { cause })
  }
}
