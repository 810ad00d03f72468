import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Call, OP, type ProgramOptions, wasiProgram } from '../../../setup/wasi-program.ts'
import { bytesOf, outputOf, runHere, SEED, textOf, u64, words } from './run.ts'

/** A buffer list of one: where it stands, and what it says. */
const list = (at: number, buffer: number, size: number): readonly [number, Uint8Array] => [
  at,
  new Uint8Array(Uint32Array.of(buffer, size).buffer),
]

/** Error numbers of calls, in order. */
function errnos(calls: readonly Call[], options: ProgramOptions = {}, job = {}): number[] {
  const numbered = calls.map((call, index) => ({ ...call, errnoAt: 60_000 + 4 * index }))
  return words(outputOf(wasiProgram(numbered, { ...options, show: [60_000, 4 * calls.length] }), job))
}

const FILES = [
  { name: 'b.txt', bytes: bytesOf('second') },
  { name: 'a', bytes: bytesOf('first file') },
]

describe('what a task gets', () => {
  it('arguments and environment: counts, sizes, then texts that end in zero', () => {
    const sizes = [
      { name: 'args_sizes_get', args: [0, 4] },
      { name: 'environ_sizes_get', args: [8, 12] },
    ]
    const job = { args: ['task', 'é'], env: ['A=1'] }
    expect(words(outputOf(wasiProgram(sizes, { show: [0, 16] }), job))).toEqual([2, 8, 1, 4])
    const texts = [
      { name: 'args_get', args: [0, 100] },
      { name: 'environ_get', args: [8, 108] },
    ]
    const output = outputOf(wasiProgram(texts, { show: [0, 112] }), job)
    expect(words(output.slice(0, 12))).toEqual([100, 105, 108])
    expect(textOf(output.slice(100))).toBe('task\0é\0A=1\0')
  })

  it('input, in pieces, over as many buffers as are named', () => {
    const read = { name: 'fd_read', args: [0, 0, 2, 16] }
    const data = [[0, new Uint8Array(Uint32Array.of(100, 3, 200, 4).buffer)]] as const
    const output = outputOf(wasiProgram([read, read], { data, show: [16, 200] }), {
      input: bytesOf('abcdefghi'),
    })
    expect(words(output.slice(0, 4))).toEqual([2])
    expect(textOf(output.slice(84, 87))).toBe('hic')
    expect(textOf(output.slice(184, 188))).toBe('defg')
  })

  it('chance: SHA-256 of the seed and a counter, going on from call to call', () => {
    const calls = [
      { name: 'random_get', args: [0, 5] },
      { name: 'random_get', args: [5, 59] },
    ]
    const block = (counter: number) =>
      createHash('sha256')
        .update(SEED)
        .update(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, counter))
        .digest()
    expect(outputOf(wasiProgram(calls, { show: [0, 64] }))).toEqual(
      new Uint8Array(Buffer.concat([block(0), block(1)])),
    )
  })

  it('time that begins in 2000, goes on with every look at it, and takes no time to pass', () => {
    const sleep = new Uint8Array(48)
    new DataView(sleep.buffer).setBigUint64(0, 7n, true)
    new DataView(sleep.buffer).setUint32(16, 1, true)
    new DataView(sleep.buffer).setBigUint64(24, 3_600_000_000_000n, true)
    const calls = [
      { name: 'clock_time_get', args: [0, 0n, 0] },
      { name: 'clock_time_get', args: [1, 0n, 8] },
      { name: 'poll_oneoff', args: [100, 200, 1, 24] },
      { name: 'clock_time_get', args: [1, 0n, 16] },
    ]
    const output = outputOf(wasiProgram(calls, { data: [[100, sleep]], show: [0, 232] }))
    expect(u64(output, 0)).toBe(BigInt(Date.UTC(2000, 0, 1)) * 1_000_000n + 1_000n)
    expect(u64(output, 8)).toBe(2_000n)
    expect(u64(output, 16)).toBe(3_600_000_003_000n)
    expect(words(output.slice(24, 28))).toEqual([1])
    expect(u64(output, 200)).toBe(7n)
    expect(errnos([{ name: 'clock_time_get', args: [4, 0n, 0] }])).toEqual([28])
  })
})

describe('files of a task', () => {
  const open = (path: number, size: number, flags = 0): Call => ({
    name: 'path_open',
    args: [3, 0, path, size, flags, 0n, 0n, 0, 80],
  })

  it('stand in one open folder, `/`, which tells its name', () => {
    const calls = [
      { name: 'fd_prestat_get', args: [3, 0] },
      { name: 'fd_prestat_dir_name', args: [3, 8, 1] },
    ]
    const output = outputOf(wasiProgram(calls, { show: [0, 9] }))
    expect(words(output.slice(0, 8))).toEqual([0, 1])
    expect(textOf(output.slice(8))).toBe('/')
    expect(errnos([{ name: 'fd_prestat_get', args: [4, 0] }])).toEqual([8])
  })

  it('are read by name, from any place, without moving anybody else', () => {
    const calls = [
      open(300, 3),
      open(300, 3),
      { name: 'fd_seek', args: [4, -4n, 2, 0] },
      { name: 'fd_read', args: [4, 40, 1, 8] },
      { name: 'fd_pread', args: [5, 48, 1, 1n, 12] },
      { name: 'fd_tell', args: [5, 16] },
      { name: 'fd_tell', args: [4, 24] },
    ]
    const data = [[300, './a'], list(40, 200, 99), list(48, 210, 3)] as const
    const output = outputOf(wasiProgram(calls, { data, show: [0, 220] }), { files: FILES })
    expect(u64(output, 0)).toBe(6n)
    expect(words(output.slice(8, 16))).toEqual([4, 3])
    expect([u64(output, 16), u64(output, 24)]).toEqual([0n, 10n])
    expect(textOf(output.slice(200, 204))).toBe('file')
    expect(textOf(output.slice(210, 213))).toBe('irs')
  })

  it('are listed in order of their names, cut off where the buffer ends, from any entry on', () => {
    const calls = [
      { name: 'fd_readdir', args: [3, 100, 200, 0n, 0] },
      { name: 'fd_readdir', args: [3, 400, 30, 1n, 4] },
      { name: 'fd_readdir', args: [3, 400, 10, 0n, 8] },
    ]
    const output = outputOf(wasiProgram(calls, { show: [0, 430] }), { files: FILES })
    expect(words(output.slice(0, 12))).toEqual([54, 29, 10])
    expect(textOf(output.slice(124, 125))).toBe('a')
    expect(textOf(output.slice(149, 154))).toBe('b.txt')
    expect(textOf(output.slice(424, 429))).toBe('b.txt')
  })

  it('have a size and a kind', () => {
    const calls = [open(300, 5), { name: 'fd_filestat_get', args: [4, 100] }]
    const folder = { name: 'path_filestat_get', args: [3, 0, 310, 1, 200] }
    const output = outputOf(
      wasiProgram([...calls, folder], {
        data: [
          [300, 'b.txt'],
          [310, '.'],
        ],
        show: [0, 264],
      }),
      {
        files: FILES,
      },
    )
    expect([output[116], u64(output, 132), output[216]]).toEqual([4, 6n, 3])
  })

  it('cannot be left, changed, made or removed', () => {
    const data = [
      [300, '../a'],
      [310, 'new'],
      [320, 'a'],
      [330, 'x/y'],
    ] as const
    const calls = [
      open(300, 4),
      open(310, 3),
      open(310, 3, 1),
      open(320, 1, 8),
      open(320, 1, 2),
      open(320, 1, 5),
      open(330, 3),
      { name: 'path_unlink_file', args: [3, 320, 1] },
      { name: 'path_symlink', args: [320, 1, 3, 310, 3] },
      { name: 'path_create_directory', args: [9, 310, 3] },
      { name: 'fd_write', args: [0, 0, 0, 80] },
      { name: 'fd_filestat_set_size', args: [0, 0n] },
      { name: 'fd_seek', args: [1, 0n, 0, 80] },
      { name: 'fd_seek', args: [0, -1n, 0, 80] },
    ]
    expect(errnos(calls, { data }, { files: FILES })).toEqual([
      76, 44, 69, 69, 54, 20, 44, 69, 69, 8, 8, 69, 70, 28,
    ])
  })

  it('are closed, renumbered, and at most 64 open at once', () => {
    const many = Array.from({ length: 61 }, () => open(320, 1))
    const calls = [
      ...many,
      { name: 'fd_renumber', args: [4, 0] },
      { name: 'fd_close', args: [4] },
      { name: 'fd_read', args: [0, 40, 1, 0] },
    ]
    const data = [[320, 'a'], list(40, 200, 5)] as const
    expect(errnos(calls, { data }, { files: FILES }).slice(59)).toEqual([0, 33, 0, 8, 0])
    const output = outputOf(wasiProgram(calls, { data, show: [200, 5] }), { files: FILES })
    expect(textOf(output)).toBe('first')
  })
})

describe('addresses that a task names', () => {
  const OUT = 65_534
  it.each<readonly [string, readonly (number | bigint)[]]>([
    ['args_sizes_get', [OUT, 0]],
    ['args_get', [0, OUT]],
    ['clock_time_get', [0, 0n, OUT]],
    ['random_get', [65_000, 537]],
    ['random_get', [0xffff_ffff, 0xffff_ffff]],
    ['fd_read', [0, OUT, 1, 0]],
    ['fd_write', [1, OUT, 1, 0]],
    ['fd_fdstat_get', [0, OUT]],
    ['fd_filestat_get', [0, OUT]],
    ['fd_readdir', [3, OUT, 9, 0n, 0]],
    ['poll_oneoff', [OUT, 0, 1, 0]],
    ['path_open', [3, 0, OUT, 9, 0, 0n, 0n, 0, 0]],
  ])('%s: outside of the memory is answered with `fault`', (name, args) => {
    expect(errnos([{ name, args }])).toEqual([21])
  })
})

describe('how a task ends', () => {
  it('with exit code 0, wherever it stands, it is done', () => {
    const done = runHere(wasiProgram([{ name: 'proc_exit', args: [0] }], { code: OP.unreachable }))
    expect(done).toMatchObject({ kind: 'done', output: new Uint8Array(0) })
  })

  it('with another one it has failed, and its last words are kept', () => {
    const calls = [
      { name: 'fd_write', args: [2, 0, 1, 8] },
      { name: 'proc_exit', args: [3] },
    ]
    const outcome = runHere(wasiProgram(calls, { data: [list(0, 100, 4), [100, 'oh!\n']] }))
    expect(outcome).toMatchObject({ kind: 'exited', code: 3, stderr: 'oh!\n' })
  })

  it('of what it says on standard error, the last 4,096 bytes are kept', () => {
    const says = { name: 'fd_write', args: [2, 0, 1, 8] }
    const text = `${'x'.repeat(4_995)}tail.`
    const calls = [says, says, { name: 'proc_exit', args: [1] }]
    const outcome = runHere(wasiProgram(calls, { data: [list(0, 100, 5_000), [100, text]] }))
    expect(outcome).toMatchObject({ stderr: text.slice(-4_096) })
  })

  it('a trap is one', () => {
    expect(runHere(wasiProgram([], { code: OP.unreachable })).kind).toBe('trapped')
    const outside = wasiProgram([], { data: [[65_535, 'ab']] })
    expect(runHere(outside)).toEqual({ kind: 'trapped', gas: 0, stderr: '' })
  })
})
