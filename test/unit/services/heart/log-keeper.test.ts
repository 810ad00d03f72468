import { describe, expect, it } from 'vitest'
import type { Certificate } from '../../../../src/codec/certificate/certificate.ts'
import type { GroupId } from '../../../../src/model/raft.ts'
import type { LogRecord } from '../../../../src/ports/network-log.ts'
import { type LogArchive, LogKeeper } from '../../../../src/services/heart/log-keeper.ts'

class Memory implements LogArchive {
  readonly logs = new Map<number, LogRecord[]>()
  readonly flushed: (number | undefined)[] = []
  /** Records that were read, not only looked at. */
  read = 0

  append(machine: number, record: LogRecord): void {
    this.logs.set(machine, [...(this.logs.get(machine) ?? []), record])
  }
  count(machine: number): number {
    return this.logs.get(machine)?.length ?? 0
  }
  kind(machine: number, at: number): LogRecord['kind'] {
    return this.logs.get(machine)?.[at]?.kind ?? 'passed'
  }
  record(machine: number, at: number): LogRecord {
    this.read += 1
    return this.logs.get(machine)?.[at] as LogRecord
  }
  records(machine: number): readonly LogRecord[] {
    return this.logs.get(machine) ?? []
  }
  addCapsule(): void {}
  addContent(): void {}
  flush(machine?: number): void {
    this.flushed.push(machine)
  }
}

function certificateOf(group: number): Certificate {
  const hash = new Uint8Array(32)
  const head = { group, generation: 0, config: 0, size: 1, root: hash, state: hash }
  const voter = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
  return { head, shares: [{ voter, path: [], s: new Uint8Array(64) }] } as unknown as Certificate
}

const leafOf = (number: number, group = 0) => ({
  group: group as GroupId,
  number,
  kind: 'item' as const,
  leaf: new Uint8Array([number]),
  item: new Uint8Array([number, number]),
})

describe('the keeper of logs', () => {
  it('passes over what is kept when a host applies it again, and goes on behind it', () => {
    const memory = new Memory()
    const before = new LogKeeper(memory)
    for (const number of [0, 1, 2]) before.keep(leafOf(number))
    memory.append(-1, { kind: 'certificate', certificate: new Uint8Array([9]) })
    const after = new LogKeeper(memory)
    for (const number of [1, 2, 3]) after.keep(leafOf(number))
    const leaves = memory.records(-1).flatMap((record) => (record.kind === 'item' ? [record.leaf[0]] : []))
    expect(leaves).toEqual([0, 1, 2, 3])
  })

  it('counts what is there by its kinds, and reads of it the last certificate alone', () => {
    const memory = new Memory()
    for (let n = 0; n < 50; n++) {
      memory.append(-1, { kind: 'passed', leaf: new Uint8Array([n]) })
      if (n % 10 === 0) memory.append(-1, { kind: 'certificate', certificate: new Uint8Array([9]) })
    }
    const keeper = new LogKeeper(memory)
    memory.read = 0
    expect(keeper.leaves(-1)).toBe(50)
    expect(memory.read).toBe(1)
  })

  it('keeps the machines apart, and copies what is lent to it', () => {
    const memory = new Memory()
    const keeper = new LogKeeper(memory)
    const lent = leafOf(0, 8)
    keeper.keep(lent)
    lent.leaf[0] = 77
    expect(memory.records(7)).toMatchObject([{ kind: 'item', leaf: new Uint8Array([0]) }])
    expect(memory.records(-1)).toEqual([])
  })

  it('stops the group rather than leave a gap', () => {
    const keeper = new LogKeeper(new Memory())
    keeper.keep(leafOf(0))
    expect(() => keeper.keep(leafOf(2))).toThrow(/leaf 2 of machine -1 after 1/u)
  })

  it('flushes one machine with its newest certificate, and leaves the others for later', () => {
    const memory = new Memory()
    const keeper = new LogKeeper(memory)
    for (const group of [0, 1, 2]) {
      keeper.keep(leafOf(0, group))
      keeper.keepCertificate(certificateOf(group))
    }
    const kinds = () => [-1, 0, 1].map((machine) => memory.records(machine).map(({ kind }) => kind))
    keeper.flush(0)
    expect(kinds()).toEqual([['item'], ['item', 'certificate'], ['item']])
    keeper.flush(0)
    keeper.flush()
    const both = ['item', 'certificate']
    expect(kinds()).toEqual([both, both, both])
    expect(memory.flushed).toEqual([0, 0, undefined])
  })
})
