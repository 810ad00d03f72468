import { defineCommand } from '../command.ts'
import { asked, nodeOf } from '../daemon.ts'
import { EXIT } from '../exit.ts'
import { CommandError } from '../failure.ts'
import { report } from '../report.ts'

const LIMIT_MS = 15_000
const ROUND_MS = 50

export const stop = defineCommand({
  path: 'stop',
  about: 'End the running node: it hands over what it leads, flushes, and is gone when this command ends',
  examples: ['canswarm stop'],
  arguments: [],
  options: {},
  async run(context) {
    const node = nodeOf(context)
    const { pid } = await asked(node.call('stop', {}))
    const started = performance.now()
    while (isAlive(pid)) {
      if (performance.now() - started > LIMIT_MS) throw stillThere(pid)
      const { promise, resolve } = Promise.withResolvers<void>()
      setTimeout(resolve, ROUND_MS)
      await promise
    }
    const took = Math.round(performance.now() - started)
    return report('canswarm.stop/1', { pid, took_ms: took }, `stopped (pid ${pid}) in ${took} ms`)
  },
})

/** Of a process of the same user. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function stillThere(pid: number): CommandError {
  return new CommandError({
    exit: EXIT.timedOut,
    code: 'timed-out',
    message: `process ${pid} has not ended within ${LIMIT_MS / 1_000} s`,
    todo: `"canswarm logs" may say why; "kill -9 ${pid}" loses nothing that was acknowledged`,
  })
}
