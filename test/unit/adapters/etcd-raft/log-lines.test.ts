import { expect, it } from 'vitest'
import { logLines } from '../../../../src/adapters/etcd-raft/log-lines.ts'

function linesOf(...pieces: readonly string[]): readonly string[] {
  const lines: string[] = []
  const write = logLines((line) => lines.push(line))
  for (const piece of pieces) write(Buffer.from(piece))
  return lines
}

it('lines come whole, however they were cut; empty ones and an unfinished one do not', () => {
  expect(linesOf('a', 'b\n\nc', '\nd')).toEqual(['ab', 'c'])
})

it('a line is cut off at 1,024 bytes and the next one starts clean', () => {
  expect(linesOf(`${'x'.repeat(5000)}\nnext\n`)).toEqual(['x'.repeat(1024), 'next'])
})
