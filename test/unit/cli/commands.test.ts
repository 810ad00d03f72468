import { describe, expect, it } from 'vitest'
import { allCommands, COMMAND_PATHS, commandsFor } from '../../../src/cli/commands.ts'

const pathsOf = async (...argv: string[]) => (await commandsFor(argv)).map(({ path }) => path)

describe('the table of commands', () => {
  it('names every command by its own path', async () => {
    expect((await allCommands()).map(({ path }) => path)).toEqual(COMMAND_PATHS)
    expect(new Set(COMMAND_PATHS).size).toBe(COMMAND_PATHS.length)
  })

  it('loads the commands of the first word alone, with their group', async () => {
    expect(await pathsOf('version', '--json')).toEqual(['version'])
    expect(await pathsOf('need', 'ls')).toEqual(['need', 'need ls', 'need show'])
    expect(await pathsOf('keys')).toEqual(COMMAND_PATHS.filter((path) => path.startsWith('keys ')))
  })

  it.each([[[]], [['--help']], [['needs']], [['complete', '--', 'ne']]])('loads all for %j', async (argv) => {
    expect(await pathsOf(...argv)).toEqual(COMMAND_PATHS)
  })
})
