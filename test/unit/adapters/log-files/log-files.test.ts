import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogFiles } from '../../../../src/adapters/log-files/log-files.ts'
import type { LogRecord } from '../../../../src/ports/network-log.ts'
import { hashOf, sha256 } from '../../../setup/certificates.ts'

const GENESIS = hashOf('genesis')
let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'canswarm-logs-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const item = (n: number): LogRecord => ({
  kind: 'item',
  item: hashOf(`item ${n}`),
  leaf: hashOf(`leaf ${n}`),
})
const hubLog = () => join(dir, 'logs', 'hub.log')

function write(records: readonly LogRecord[], machine = -1): void {
  const files = LogFiles.create(dir, GENESIS, sha256)
  for (const record of records) files.append(machine, record)
  files.flush()
  files.close()
}

function read(machine = -1): readonly LogRecord[] {
  const files = LogFiles.open(dir, sha256)
  const records = [...files.records(machine)]
  files.close()
  return records
}

describe('stored logs', () => {
  it('are durable machine by machine: what nobody asked for waits', () => {
    const files = LogFiles.create(dir, GENESIS, sha256)
    const sizes = () => ['hub.log', 'bucket-007.log'].map((name) => statSync(join(dir, 'logs', name)).size)
    for (const machine of [-1, 7]) files.append(machine, item(0))
    const heads = sizes()
    const isGrown = () => sizes().map((size, at) => size > (heads[at] ?? 0))
    expect(isGrown()).toEqual([false, false])
    files.flush(7)
    expect(isGrown()).toEqual([false, true])
    files.flush()
    expect(isGrown()).toEqual([true, true])
    files.close()
  })

  it('give back what was appended, by machine and in order, and go on where they ended', () => {
    const other: LogRecord[] = [
      { kind: 'voters', leaf: hashOf('voters') },
      { kind: 'certificate', certificate: hashOf('certificate') },
    ]
    write([item(0), item(1)])
    write(other, 7)
    write([item(2)])
    expect(read()).toEqual([item(0), item(1), item(2)])
    expect(read(7)).toEqual(other)
    const files = LogFiles.open(dir, sha256)
    expect(files.machines()).toEqual([-1, 7])
    expect(files.count(-1)).toBe(3)
    expect(files.record(-1, 2)).toEqual(item(2))
    files.close()
  })

  it('tell what each record is without reading it, of those too that were added since', () => {
    const kinds: LogRecord[] = [
      item(0),
      { kind: 'voters', leaf: hashOf('voters') },
      { kind: 'certificate', certificate: hashOf('certificate') },
    ]
    write(kinds)
    const files = LogFiles.open(dir, sha256, 'write')
    files.append(-1, { kind: 'passed', leaf: hashOf('passed') })
    expect([0, 1, 2, 3].map((at) => files.kind(-1, at))).toEqual(['item', 'voters', 'certificate', 'passed'])
    files.close()
  })

  it('end before a torn record, at every place where a write can break off; who writes cuts it off', () => {
    write([item(0), item(1)])
    const whole = readFileSync(hubLog())
    const recordBytes = (whole.length - headBytes(whole)) / 2
    for (let size = whole.length - 1; size > whole.length - recordBytes; size -= 9) {
      writeFileSync(hubLog(), whole)
      truncateSync(hubLog(), size)
      expect(read()).toEqual([item(0)])
      write([item(2)])
      expect(read()).toEqual([item(0), item(2)])
    }
  })

  it('take zeros at the end for what was never written', () => {
    write([item(0)])
    writeFileSync(hubLog(), Buffer.concat([readFileSync(hubLog()), new Uint8Array(100)]))
    expect(read()).toEqual([item(0)])
  })

  it('name the place of a byte that was changed before the end', () => {
    write([item(0), item(1)])
    const bytes = readFileSync(hubLog())
    const at = headBytes(bytes) + 20
    bytes[at] = (bytes[at] as number) ^ 1
    writeFileSync(hubLog(), bytes)
    expect(() => read()).toThrow(/hub\.log is damaged at byte/)
  })

  describe('of many records', () => {
    const many = Array.from({ length: 5_000 }, (_, n) => item(n))
    const index = () => `${hubLog()}.index`
    /** Bytes that nobody reads at a start where the index is used: a change of them is not seen then. */
    const damage = () => {
      const bytes = readFileSync(hubLog())
      const at = headBytes(bytes) + 20
      bytes[at] = (bytes[at] as number) ^ 1
      writeFileSync(hubLog(), bytes)
    }
    const opened = () => {
      const files = LogFiles.open(dir, sha256)
      const found = [files.count(-1), files.kind(-1, 4_999), files.record(-1, files.count(-1) - 1)]
      files.close()
      return found
    }

    it('have an index that a start goes by, and go on behind it', () => {
      write(many)
      write([item(5_000)])
      damage()
      expect(opened()).toEqual([5_001, 'item', item(5_000)])
      expect(() => read()).toThrow(/hub\.log is damaged at byte/)
    })

    it.each([
      ['is gone', () => rmSync(index())],
      ['was changed', () => writeFileSync(index(), readFileSync(index()).fill(1, 30, 31))],
      ['is half', () => truncateSync(index(), 1_000)],
      ['is of a longer log', () => truncateSync(hubLog(), readFileSync(hubLog()).length - 1)],
      [
        'is of another log',
        () => {
          const kept = readFileSync(index())
          rmSync(hubLog())
          rmSync(index())
          write([...many.slice(0, 4_999), item(9), item(8)])
          writeFileSync(index(), kept)
        },
      ],
    ])('are read whole where it %s', (_, change) => {
      write(many)
      change()
      damage()
      expect(opened).toThrow(/hub\.log is damaged at byte/)
    })

    it('are right after any of these', () => {
      write(many)
      rmSync(index())
      write([item(5_000)])
      expect(read()).toEqual([...many, item(5_000)])
      expect(read()).toEqual([...many, item(5_000)])
    })
  })

  it("are never another machine's or another network's", () => {
    write([item(0)])
    writeFileSync(join(dir, 'logs', 'bucket-003.log'), readFileSync(hubLog()))
    expect(() => LogFiles.open(dir, sha256)).toThrow(/not the log of this machine/)
    rmSync(join(dir, 'logs', 'bucket-003.log'))
    expect(() => LogFiles.create(dir, hashOf('another'), sha256)).toThrow(/holds the logs of network/)
  })

  it('keep capsules and content by their names, and nothing under a name that is none', () => {
    const files = LogFiles.create(dir, GENESIS, sha256)
    const name = files.net.toString()
    files.addCapsule(hashOf('capsule'))
    files.addContent(name, hashOf('content'))
    files.addContent('../escaped', hashOf('content'))
    expect([...files.capsules()]).toEqual([hashOf('capsule')])
    expect(files.content(name)).toEqual(hashOf('content'))
    expect(files.content('../escaped')).toBeUndefined()
    files.close()
  })
})

/** Size of the first frame: the file's head. */
function headBytes(file: Uint8Array): number {
  return 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true)
}
