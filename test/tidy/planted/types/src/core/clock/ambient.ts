import { readFileSync } from 'node:fs'

export function later(): unknown {
  setTimeout(() => undefined, 1)
  return [process.pid, crypto.randomUUID(), performance.now(), readFileSync]
}
