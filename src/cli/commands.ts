import type { Command } from './command.ts'
import { configShow } from './node/config-show.ts'
import { version } from './node/version.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [configShow, version]
