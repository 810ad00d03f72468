import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { commandsFor } from './commands.ts'
import type { Context } from './context.ts'
import { EXIT } from './exit.ts'
import { failureOf, usageError } from './failure.ts'
import { complain, print } from './print.ts'
import { buildProgram, type Globals, type Invocation, isUsage } from './program.ts'
import { askSecret, readAll } from './terminal.ts'
import { VERSION } from './version.ts'

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.done)
})
process.exitCode = await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  const invocation = await parse(argv)
  if (typeof invocation === 'number') return invocation
  const { globals } = invocation
  const json = globals.json === true
  try {
    return await print(await invocation.run(contextOf(globals)), json)
  } catch (error) {
    return complain(failureOf(error), json)
  }
}

/** What was asked for; or the exit code, when help or a complaint has been printed already. */
async function parse(argv: readonly string[]): Promise<Invocation | number> {
  const json = argv.includes('--json')
  let invocation: Invocation | undefined
  try {
    const onInvoke = (one: Invocation) => {
      invocation = one
    }
    const program = buildProgram(await commandsFor(argv), VERSION, onInvoke, (text) => {
      if (!json) process.stderr.write(text)
    })
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!isUsage(error)) throw error
    if (error.exitCode === 0) return EXIT.done
    const message = error.message.replace(/^error: /, '')
    return json ? complain(usageError(message).failure, json) : EXIT.usage
  }
  return invocation ?? EXIT.done
}

function contextOf({ home }: Globals): Context {
  const env = { ...process.env }
  return {
    env,
    home: resolve(home ?? env['CANSWARM_HOME'] ?? join(homedir(), '.canswarm')),
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    readStdin: (bytesMax) => readAll(process.stdin, bytesMax),
    askSecret,
  }
}
