import type { Context } from './context.ts'
import type { Report } from './report.ts'

export interface ArgumentSpec {
  readonly name: string
  readonly about: string
  readonly optional?: true
  /** Takes all that is left; only the last argument. */
  readonly variadic?: true
}

export interface OptionSpec {
  readonly type: 'string' | 'integer' | 'boolean'
  readonly about: string
  /** Name of the value in the help: `FILE`. */
  readonly value?: string
  readonly choices?: readonly string[]
}

type ArgumentValue<Spec extends ArgumentSpec> = Spec extends { variadic: true }
  ? readonly string[]
  : Spec extends { optional: true }
    ? string | undefined
    : string

type OptionValue<Spec extends OptionSpec> = Spec['type'] extends 'boolean'
  ? boolean
  : (Spec['type'] extends 'integer' ? number : string) | undefined

type ArgumentValues<Specs extends readonly ArgumentSpec[]> = {
  readonly [Index in keyof Specs]: ArgumentValue<Specs[Index]>
}
type OptionValues<Specs extends Record<string, OptionSpec>> = {
  readonly [Name in keyof Specs]: OptionValue<Specs[Name]>
}

interface Definition<Arguments extends readonly ArgumentSpec[], Options extends Record<string, OptionSpec>> {
  /** Words on the command line: `keys show`. */
  readonly path: string
  readonly about: string
  readonly examples: readonly string[]
  readonly arguments: Arguments
  /** Keyed in camel case; `passphraseFile` is `--passphrase-file`. */
  readonly options: Options
  run(context: Context, args: ArgumentValues<Arguments>, options: OptionValues<Options>): Promise<Report>
}

/** A command as the program sees it: the types of its own table are erased. */
export interface Command
  extends Omit<Definition<readonly ArgumentSpec[], Record<string, OptionSpec>>, 'run'> {
  run(context: Context, args: readonly unknown[], options: Record<string, unknown>): Promise<Report>
}

/** A command as data and `run`; the types of its arguments and options come from the tables. */
export function defineCommand<
  const Arguments extends readonly ArgumentSpec[],
  const Options extends Record<string, OptionSpec>,
>(definition: Definition<Arguments, Options>): Command {
  return definition
}
