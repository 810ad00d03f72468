import { describe, expect, it } from 'vitest'
import type { Need } from '../../../../src/core/bucket/tables.ts'
import type { GroupAccess } from '../../../../src/services/heart/group-access.ts'
import { LeftOutNeeds } from '../../../../src/services/heart/left-out-needs.ts'
import { PATIENCE, WatchedLeader } from '../../../setup/watched-leader.ts'

const BUCKET = 7

/** Needs of a bucket that another node leads; something is lawful in each of them unless it is said otherwise. */
class Needs {
  readonly led = new WatchedLeader()
  readonly records = new Map<string, Partial<Need>>()
  readonly asleep = new Set<string>()
  /** Nothing is lawful in them, if all had seen the same. */
  readonly quiet = new Set<string>()
  /** Voters are asked about them. */
  readonly asked = new Set<string>()
  /** Looks since the last time. */
  looks = 0
  readonly needs: LeftOutNeeds

  constructor(...needs: readonly string[]) {
    for (const need of needs) this.move(need)
    const view = { get: (_table: string, need: string) => this.records.get(need) }
    this.needs = new LeftOutNeeds({
      groups: { bucket: () => view } as unknown as GroupAccess,
      watch: this.led.watch,
      isAsleep: (need) => this.asleep.has(need),
      isQuiet: (need) => {
        this.looks++
        if (this.quiet.has(need)) this.asleep.add(need)
        return this.quiet.has(need)
      },
      make: (need) => (this.asked.has(need) ? 'waiting' : new TextEncoder().encode(need)),
    })
    this.led.watch.isWatching(BUCKET)
    this.led.ticks = PATIENCE
  }

  /** An entry of the need was applied. */
  move(need: string): void {
    const head = crypto.getRandomValues(new Uint8Array(32))
    this.records.set(need, { state: 'OPEN', head })
  }

  pass(ticks: number): this {
    this.led.pass(ticks, () => this.needs.pass([...this.records.keys()].map((need) => [need, BUCKET])))
    return this
  }
}

describe('a need of a bucket that another node leads', () => {
  it('is not looked at while its history moves', () => {
    const needs = new Needs('a')
    for (let times = 0; times < 10; times++) {
      needs.pass(PATIENCE)
      needs.move('a')
    }
    expect([needs.looks, needs.led.taken()]).toEqual([0, []])
  })

  it('is looked at when it stood still for three election timeouts; three later what is lawful is proposed', () => {
    const needs = new Needs('a')
    expect(needs.pass(PATIENCE).looks).toBe(0)
    expect(needs.pass(PATIENCE).looks).toBe(1)
    expect(needs.led.taken()).toEqual([])
    needs.pass(10)
    expect([needs.looks, needs.led.taken()]).toEqual([1, ['a']])
    expect(needs.pass(PATIENCE).led.deposed).toEqual([BUCKET + 1])
  })

  it('is let alone when its history moves after it was looked at', () => {
    const needs = new Needs('a').pass(2 * PATIENCE)
    needs.move('a')
    expect(needs.pass(2 * PATIENCE).led.taken()).toEqual([])
    needs.records.clear()
    expect(needs.pass(2 * PATIENCE).led.taken()).toEqual([])
  })

  it('is looked at once while nothing is lawful in it, until its sleep ends', () => {
    const needs = new Needs('a')
    needs.quiet.add('a')
    expect(needs.pass(20 * PATIENCE).looks).toBe(1)
    needs.quiet.clear()
    needs.asleep.clear()
    expect(needs.pass(PATIENCE + 10).led.taken()).toEqual(['a'])
  })

  it('is proposed as soon as voters have said what it takes', () => {
    const needs = new Needs('a')
    needs.asked.add('a')
    needs.pass(3 * PATIENCE)
    expect(needs.led.taken()).toEqual([])
    needs.asked.clear()
    needs.needs.hear('a', BUCKET)
    expect(needs.led.taken()).toEqual(['a'])
  })

  it('is no matter of what was said about it before', () => {
    const needs = new Needs('a').pass(2 * PATIENCE - 10)
    needs.needs.hear('a', BUCKET)
    expect([needs.looks, needs.led.taken()]).toEqual([1, []])
    needs.move('b')
    needs.needs.hear('b', BUCKET)
    expect(needs.looks).toBe(1)
  })

  it('is not looked at when it is over, nor under a leader that is new', () => {
    const over = new Needs('a')
    over.records.set('a', { state: 'SETTLED', head: new Uint8Array(32) })
    expect(over.pass(10 * PATIENCE).looks).toBe(0)
    const fresh = new Needs('a')
    fresh.led.leader = 3
    expect(fresh.pass(2 * PATIENCE).looks).toBe(0)
  })

  it('is said again in each round once it is held, however many others stand still', () => {
    const needs = new Needs(...Array.from({ length: 40 }, (_, n) => `${n}`))
    for (const need of needs.records.keys()) needs.asked.add(need)
    needs.pass(3 * PATIENCE)
    needs.asked.clear()
    needs.pass(10)
    expect(needs.led.taken().length).toBe(40)
    expect(needs.led.deposed).toEqual([])
  })

  it('takes its turn: sixteen are looked at in a round', () => {
    const needs = new Needs(...Array.from({ length: 40 }, (_, n) => `${n}`))
    needs.records.keys().forEach((need) => needs.quiet.add(need))
    expect(needs.pass(PATIENCE + 10).looks).toBe(16)
    expect(needs.pass(10).looks).toBe(32)
    expect(needs.pass(20).looks).toBe(40)
  })
})
