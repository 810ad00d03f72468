import { describe, expect, it } from 'vitest'
import { JobDesk, type Lane } from '../../../../src/services/roles/job-desk.ts'

const LANE: Lane = { name: 'lane', parallelMax: 2 }
const turn = () => new Promise(setImmediate)

function setUp() {
  const done: string[] = []
  const faults: unknown[] = []
  const finish = new Map<string, (value: string) => void>()
  const stopped: string[] = []
  const desk = new JobDesk<string>(
    (need) => done.push(need),
    (fault) => faults.push(fault),
  )
  const ask = (need: string, lane = LANE) =>
    desk.ask(need, 'key', lane, (signal) => {
      return new Promise((settle, fail) => {
        finish.set(need, settle)
        signal.addEventListener('abort', () => {
          stopped.push(need)
          fail(signal.reason as Error)
        })
      })
    })
  return { desk, done, faults, finish, stopped, ask }
}

describe('a desk', () => {
  it('runs no more at once than the lane has room for, in the order of asking', async () => {
    const { desk, ask, finish, done } = setUp()
    for (const need of ['a', 'b', 'c', 'd']) ask(need)
    expect([...finish.keys()]).toEqual(['a', 'b'])
    finish.get('b')?.('B')
    await turn()
    expect([...finish.keys()]).toEqual(['a', 'b', 'c'])
    expect(desk.value('b', 'key')).toBe('B')
    expect(done).toEqual(['b'])
    expect(desk.running()).toBe(2)
  })

  it('does nothing twice', async () => {
    const { desk, ask, finish } = setUp()
    ask('a')
    finish.get('a')?.('A')
    await turn()
    finish.clear()
    ask('a')
    expect(finish.size).toBe(0)
    expect(desk.value('a', 'key')).toBe('A')
  })

  it('stops what is not wanted any more, and gives its place to the next', async () => {
    const { desk, ask, finish, stopped, done } = setUp()
    for (const need of ['a', 'b', 'c']) ask(need)
    desk.retain('a', new Set())
    await turn()
    expect(stopped).toEqual(['a'])
    expect([...finish.keys()]).toEqual(['a', 'b', 'c'])
    expect(done).toEqual([])
  })

  it('forgets what waits in the queue', async () => {
    const { desk, ask, finish } = setUp()
    for (const need of ['a', 'b', 'c']) ask(need)
    desk.forget('c')
    finish.get('a')?.('A')
    await turn()
    expect([...finish.keys()]).toEqual(['a', 'b'])
    expect(desk.needs).toEqual(['a', 'b'])
  })

  it('closes when all has stopped', async () => {
    const { desk, ask, stopped } = setUp()
    for (const need of ['a', 'b']) ask(need)
    await desk.close()
    expect(stopped).toEqual(['a', 'b'])
    expect(desk.running()).toBe(0)
  })

  it('tells of a task that breaks by itself', async () => {
    const { desk, faults } = setUp()
    desk.ask('a', 'key', LANE, () => Promise.reject(new Error('broken')))
    await turn()
    expect(faults).toEqual([new Error('broken')])
  })
})
