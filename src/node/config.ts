import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import type { z } from 'zod'
import { FaultError } from '../model/fault.ts'
import { SETTINGS, type Setting, type SettingName, variableOf } from './settings.ts'

/** Where a setting's value came from: flags beat variables beat the file beats defaults. */
export type Origin = 'flag' | 'variable' | 'file' | 'default'

/** All settings with every default filled in; frozen. Source: operations.md, "CLI". */
export type NodeConfig = { readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> }

export interface ResolvedConfig {
  readonly config: NodeConfig
  readonly origins: { readonly [Name in SettingName]: Origin }
}

export interface ConfigSources {
  /** By setting name, as given on the command line. */
  readonly flags: Partial<Record<SettingName, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Text of the config file; empty when there is none. */
  readonly file: string
}

/** Faults `config` with the setting, where the value came from, and what it may be. */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const file = fileValues(sources.file)
  const config: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const [name, setting] of Object.entries(SETTINGS) as [SettingName, Setting<z.ZodType>][]) {
    const [value, origin] = pick(name, setting, sources, file)
    const parsed = setting.schema.safeParse(value)
    if (!parsed.success) {
      const why = parsed.error.issues[0]?.message ?? 'not valid'
      throw new FaultError(
        'config',
        `${setting.key} (from the ${origin}) is ${JSON.stringify(value)}: ${why}`,
      )
    }
    config[name] = parsed.data
    origins[name] = origin
  }
  return { config: Object.freeze(config) as NodeConfig, origins: origins as ResolvedConfig['origins'] }
}

/** Reads `<home>/config.toml` if it is there. Faults `config` when it cannot be read. */
export function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new FaultError('config', `cannot read ${path}`, { cause })
  }
}

function pick(
  name: SettingName,
  setting: Setting<z.ZodType>,
  { flags, env }: ConfigSources,
  file: ReadonlyMap<string, unknown>,
): readonly [value: unknown, origin: Origin] {
  if (flags[name] !== undefined) return [flags[name], 'flag']
  const variable = env[variableOf(setting)]
  if (variable !== undefined) return [typedAs(setting.default, variable), 'variable']
  if (file.has(setting.key)) return [file.get(setting.key), 'file']
  return [setting.default, 'default']
}

/** A variable is text; where the setting is a number or a switch, so is its value. */
function typedAs(example: unknown, text: string): unknown {
  if (typeof example === 'number' && /^-?\d+$/.test(text)) return Number(text)
  if (typeof example === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** The file's values by dotted key. Faults `config` on bad TOML and on keys that mean nothing. */
function fileValues(text: string): ReadonlyMap<string, unknown> {
  const values = new Map(flatten(parseToml(text), ''))
  const known = new Set(Object.values(SETTINGS).map(({ key }) => key))
  for (const key of values.keys()) {
    if (!known.has(key)) throw new FaultError('config', `the config file has an unknown setting: ${key}`)
  }
  return values
}

function parseToml(text: string): object {
  try {
    return parse(text)
  } catch (cause) {
    throw new FaultError('config', 'the config file is not valid TOML', { cause })
  }
}

function flatten(table: object, prefix: string): [string, unknown][] {
  return Object.entries(table).flatMap(([name, value]): [string, unknown][] => {
    const isTable =
      typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== Array.prototype
    return isTable && !(value instanceof Date)
      ? flatten(value, `${prefix}${name}.`)
      : [[`${prefix}${name}`, value]]
  })
}

/** A config file with every setting and what it means: what is not given is at its default, and commented out. */
export function configTemplate(given: Partial<NodeConfig> = {}): string {
  const lines = ['# Settings of this CAN Swarm node. What is commented out is the default.']
  let table = ''
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const dot = setting.key.lastIndexOf('.')
    const owner = dot < 0 ? '' : setting.key.slice(0, dot)
    if (owner !== table) {
      lines.push('', `[${owner}]`)
      table = owner
    }
    const own = given[name as SettingName]
    const [mark, value] = own === undefined ? ['# ', setting.default] : ['', own]
    lines.push('', `# ${setting.about}`, `${mark}${setting.key.slice(dot + 1)} = ${JSON.stringify(value)}`)
  }
  return `${lines.join('\n')}\n`
}
