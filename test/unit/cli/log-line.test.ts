import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { prettyLine } from '../../../src/cli/log-line.ts'

const LINE = { time: 0, level: 50, msg: 'it failed', code: 7 }
const ESCAPE = String.fromCharCode(27)

function out(isTTY: boolean): NodeJS.WritableStream {
  return Object.assign(new PassThrough(), { isTTY, getColorDepth: () => 8 })
}

beforeEach(() => {
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS']) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a line of the log for people', () => {
  it('has colours where it goes to a terminal, and none where it goes to a file or a pipe', () => {
    expect(prettyLine(LINE, out(true))).toContain(ESCAPE)
    expect(prettyLine(LINE, out(false))).toBe('00:00:00.000 ERROR it failed code=7')
  })
})
