import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { STANDING, type Standing } from '../../../src/core/proposer/standing.ts'
import { FaultError } from '../../../src/model/fault.ts'
import type { Did, ThreadId } from '../../../src/model/ids.ts'
import { openThreadsPart, type ThreadsPartOptions } from '../../../src/node/daemon/threads-part.ts'
import { scratch } from '../../setup/canswarm.ts'
import { addsTask, openWorld, person } from '../../setup/said.ts'

const THREAD = 'a'.repeat(32) as ThreadId
const OTHER = 'b'.repeat(32) as ThreadId
const NEED = addsTask(person('a need'), THREAD, 1).envelope.id
const [ALICE, BOB, CAROL] = ['alice', 'bob', 'carol'].map(person) as [Person, Person, Person]
type Person = ReturnType<typeof person>

/** The threads of a node that knows one need, as one state has it. */
function threadsOf(
  home: string,
  state: { readonly accounts: readonly Did[]; readonly standings: ReadonlyMap<Did, Standing> },
) {
  let told: (need: string) => void = () => undefined
  const heart = {
    hub: () => ({
      get: (table: string, key: Did) =>
        table === 'accounts' && state.accounts.includes(key) ? {} : undefined,
    }),
    standing: (need: string, sender: Did) =>
      (need === NEED ? state.standings.get(sender) : undefined) ?? STANDING.stranger,
    slot: () => ({ n: 1, timeMs: 1 }),
    openNeeds: () => [],
    onNeed: (listener: typeof told) => {
      told = listener
    },
    needEnvelope: (need: string) => (need === NEED ? { body: { thread: THREAD } } : undefined),
  }
  const mesh = {
    handleRequest: () => undefined,
    onPeer: () => undefined,
    peers: () => [],
    request: () => Promise.reject(new FaultError('peer-gone', 'gone')),
  }
  const part = openThreadsPart({
    home,
    net: 'net',
    capsule: '',
    mesh,
    heart: { heart, world: openWorld },
    tell: () => undefined,
    onFault: (error: unknown) => expect(error).toBeUndefined(),
  } as unknown as ThreadsPartOptions)
  part.start()
  const says = (by: Person, seq: number, thread = THREAD): boolean => {
    const { envelope } = addsTask(by, thread, seq)
    part.onThreadOnly(envelope)
    return part.book.has(thread, envelope.id)
  }
  return { part, says, told: (need: string) => told(need) }
}

describe('what is said in a thread', () => {
  it('counts once its need is known here, of who has an account', async () => {
    using place = scratch()
    mkdirSync(join(place.path, 'home'))
    const standings = new Map([
      [BOB.did, STANDING.known],
      [CAROL.did, STANDING.party],
    ])
    const state = { accounts: [ALICE.did, CAROL.did], standings }
    const { part, says, told } = threadsOf(join(place.path, 'home'), state)
    expect(says(ALICE, 1)).toBe(false)
    told(NEED)
    expect(says(ALICE, 1)).toBe(true)
    expect(says(CAROL, 1)).toBe(true)
    // Bob is registered, and has no account.
    expect(says(BOB, 1)).toBe(false)
    expect(says(ALICE, 2, OTHER)).toBe(false)
    const brought = (...said: readonly (readonly [Person, number])[]) =>
      part.onBrought(
        ALICE.did,
        said.map(([by, seq]) => addsTask(by, THREAD, seq).envelope),
      )
    expect([brought([BOB, 1]), brought([BOB, 1], [ALICE, 1]), brought()]).toEqual([false, true, false])
    await part.stop()
  })

  it('has half of its room for the parties of its need: who has no more than an account is none', async () => {
    using place = scratch()
    mkdirSync(join(place.path, 'home'))
    const many = Array.from({ length: 5 }, (_, n) => person(`one of many ${n}`))
    const standings = new Map([[CAROL.did, STANDING.party]])
    const accounts = [...many, CAROL, ALICE].map(({ did }) => did)
    const { part, says, told } = threadsOf(join(place.path, 'home'), { accounts, standings })
    told(NEED)
    for (const one of many.slice(0, 4)) for (let seq = 1; seq <= 256; seq++) expect(says(one, seq)).toBe(true)
    expect(says(ALICE, 1)).toBe(false)
    expect(says(CAROL, 1)).toBe(true)
    await part.stop()
  })
})
