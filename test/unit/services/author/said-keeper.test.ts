import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { openSaidFile } from '../../../../src/adapters/sqlite/said-file.ts'
import { noCapsule } from '../../../../src/codec/envelope/no-policy.ts'
import type { ReadBody } from '../../../../src/codec/envelope/read-body.ts'
import type { WordWorld } from '../../../../src/core/agent/said-word.ts'
import type { EnvelopeId } from '../../../../src/model/ids.ts'
import type { MicroText } from '../../../../src/model/micro.ts'
import type { Rejection } from '../../../../src/model/rejection.ts'
import type { Result } from '../../../../src/model/result.ts'
import type { SaidStore } from '../../../../src/ports/said-store.ts'
import { Author } from '../../../../src/services/author/author.ts'
import { recordInJournal } from '../../../../src/services/author/own-journal.ts'
import { Resending } from '../../../../src/services/author/resending.ts'
import { restoreSaid } from '../../../../src/services/author/restore-said.ts'
import { SaidKeeper, type SaidKeeperDeps } from '../../../../src/services/author/said-keeper.ts'
import { showJournal } from '../../../../src/services/journal/show-journal.ts'
import { openTestJournal, sha256Hex } from '../../../setup/journal.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { MemoryJournalStore } from '../../../setup/memory-journal-store.ts'
import { person, smallNeed } from '../../../setup/said.ts'

const { sha256 } = nodeCrypto
const NET = noCapsule(sha256)
const { did: DID, secret: SECRET } = person('alice')
const YEAR = 31_536_000_000

const homes: string[] = []
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})

class Home {
  readonly directory = mkdtempSync(join(tmpdir(), 'canswarm-said-'))
  journal = new MemoryJournalStore()
  /** Nonce of the account as the hub has it. */
  nonce = 0
  nowMs = 1_763_715_600_000
  /** For places. */
  hasRoom = true

  constructor() {
    homes.push(this.directory)
  }

  get path(): string {
    return join(this.directory, 'said.sqlite')
  }

  async start(changes: Partial<SaidKeeperDeps> = {}) {
    const clock = new ManualClock(this.nowMs)
    const { journal } = await openTestJournal(this.journal, { clock, limits: { segmentBytesMax: 4_096 } })
    const file = openSaidFile(this.path)
    const store: SaidStore = {
      get mark() {
        return file.mark
      },
      place: (did, thread) => file.place(did, thread),
      words: () => file.words(),
      clear: () => file.clear(),
      close: () => file.close(),
      commit: (all) => (this.hasRoom || all.places.length === 0 ? file.commit(all) : 'full'),
    }
    const faults: unknown[] = []
    const world = (): WordWorld => ({
      placeOf: () => 'unknown',
      isCarried: () => false,
      nonceOf: () => this.nonce,
      isPosted: () => false,
      nowMs: clock.nowMs(),
    })
    const onFault = (fault: unknown) => void faults.push(fault)
    const later = (task: () => void): void => task()
    const keeper = new SaidKeeper({ store, clock, world, later, onFault, ...changes })
    const { head } = journal.status()
    await journal.flush()
    this.journal.reads.length = 0
    const lines = (filter: Parameters<typeof showJournal>[1]) => showJournal(this.journal, filter)
    const words = await restoreSaid({ keeper, store, context: { net: NET, sha256 }, lines, head })
    const author = new Author({
      did: DID,
      secret: SECRET,
      net: NET,
      crypto: nodeCrypto,
      clock,
      record: recordInJournal(journal, sha256Hex, (bodies, last) => keeper.note(bodies, last)),
      recall: (thread) => keeper.place(DID, thread),
      waitingNeed: (thread, idempotencyKey) => keeper.waitingNeed(DID, thread, idempotencyKey),
      submit: () => {},
    })
    const waiting = () => words.filter(({ id }) => keeper.isWaiting(id)).map(({ body }) => body.seq)
    return {
      author,
      keeper,
      store,
      clock,
      faults,
      waiting,
      /** Segments that were read at the start. */
      reads: [...this.journal.reads],
      stop: async () => {
        await journal.close()
        keeper.stop()
        store.close()
      },
      /** Killed: what was flushed of the journal is there, of the store what was committed. */
      kill: () => {
        store.close()
        this.journal = this.journal.afterPowerCut()
      },
    }
  }
}

function wanted<Value>(result: Result<Value, Rejection>): Value {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

async function transfer(author: Author, micro = 1): Promise<ReadBody> {
  return wanted(await author.account('TRANSFER', { to: DID, amount: `${micro}` as MicroText }))
}

describe('what was said and no entry carried', () => {
  it('is known after a stop, and a year later', async () => {
    const home = new Home()
    const first = await home.start()
    for (const micro of [1, 2, 3]) await transfer(first.author, micro)
    home.nonce = 1
    await first.stop()
    home.nowMs += YEAR
    const second = await home.start()
    expect(second.waiting()).toEqual([2, 3])
    await second.stop()
    const third = await home.start()
    expect(third.waiting()).toEqual([2, 3])
    await third.stop()
  })

  it('is known after a kill, whether the store was told or not', async () => {
    const home = new Home()
    const first = await home.start()
    await transfer(first.author)
    first.clock.advance(10_000)
    await transfer(first.author)
    first.kill()
    home.nowMs += YEAR
    const second = await home.start()
    expect(second.waiting()).toEqual([1, 2])
    await second.stop()
  })

  it('is over once the hub has it, also where that is heard while the node starts', async () => {
    const home = new Home()
    const first = await home.start()
    const [one, two] = [await transfer(first.author), await transfer(first.author)]
    first.clock.advance(10_000)
    first.keeper.decided(one.id)
    await first.stop()
    const second = await home.start()
    expect(second.waiting()).toEqual([2])
    await second.stop()
    const clock = new ManualClock()
    const store = openSaidFile(home.path)
    const keeper = new SaidKeeper({
      store,
      clock,
      later: (task) => task(),
      onFault: () => {},
      world: () => ({
        placeOf: () => 'unknown',
        isCarried: () => false,
        nonceOf: () => 0,
        isPosted: () => false,
        nowMs: 0,
      }),
    })
    keeper.decided(two.id)
    const journal = showJournal(home.journal)
    let last = { n: 0, chain: '' }
    for await (const shown of journal) if ('line' in shown) last = shown.line
    await restoreSaid({
      keeper,
      store,
      context: { net: NET, sha256 },
      lines: (filter) => showJournal(home.journal, filter),
      head: last as never,
    })
    expect(keeper.isWaiting(two.id)).toBe(false)
    keeper.stop()
    store.close()
  })

  it('is kept within bounds: what was said first is let go', async () => {
    const home = new Home()
    const bounds = { wordsMax: 3, bytesMax: 1_000_000 }
    const first = await home.start({ bounds })
    for (let n = 0; n < 5; n++) await transfer(first.author)
    await first.stop()
    const second = await home.start({ bounds: { wordsMax: 100, bytesMax: 1_000_000 } })
    expect(second.waiting()).toEqual([3, 4, 5])
    await second.stop()
  })

  it('is sent in order, so much of it each second, and not what was carried meanwhile', () => {
    const clock = new ManualClock()
    const carried = new Set<number>()
    const words = Array.from({ length: 600 }, (_, seq) => ({ body: { seq } }) as unknown as ReadBody)
    const resending = new Resending(clock, ({ body }) => !carried.has(body.seq))
    const sent: number[][] = []
    const begin = () => resending.begin(words, (bodies) => sent.push(bodies.map(({ body }) => body.seq)))
    begin()
    expect(sent.map((one) => one.length)).toEqual([256])
    for (let seq = 256; seq < 300; seq++) carried.add(seq)
    clock.advance(1_000)
    expect(sent[1]?.slice(0, 2)).toEqual([300, 301])
    clock.advance(10_000)
    expect(sent.map((one) => one.length)).toEqual([256, 256, 44])
    begin()
    resending.stop()
    clock.advance(10_000)
    expect(sent).toHaveLength(4)
  })
})

describe('a NEED that is asked for again', () => {
  it('is not said twice until the hub has decided about it, whatever stops meanwhile', async () => {
    const home = new Home()
    const first = await home.start()
    const said = wanted(await first.author.need(smallNeed('a')))
    expect(wanted(await first.author.need(smallNeed('a'))).id).toBe(said.id)
    first.kill()
    const second = await home.start()
    expect(wanted(await second.author.need(smallNeed('a'))).id).toBe(said.id)
    expect(wanted(await second.author.need(smallNeed('b'))).id).not.toBe(said.id)
    second.clock.advance(10_000)
    await second.stop()
    const third = await home.start()
    expect(wanted(await third.author.need(smallNeed('a'))).id).toBe(said.id)
    expect(third.waiting()).toEqual([1, 1])
    third.keeper.decided(said.id)
    expect(wanted(await third.author.need(smallNeed('a'))).body.seq).toBe(2)
    await third.stop()
  })

  it('is not taken for another one in the same thread', async () => {
    const node = await new Home().start()
    const said = wanted(await node.author.need(smallNeed('a')))
    node.keeper.decided(said.id)
    wanted(await node.author.say(said.body.thread, 'NEED', smallNeed('b')))
    expect(wanted(await node.author.need(smallNeed('a'))).body.seq).toBe(3)
    await node.stop()
  })

  it('for something else is a conflict, which leaves no trace', async () => {
    const home = new Home()
    const node = await home.start()
    wanted(await node.author.need(smallNeed('a')))
    expect(await node.author.need({ ...smallNeed('a'), budget: '2' as MicroText })).toMatchObject({
      ok: false,
      error: { code: 'CONFLICT', field: 'idempotency_key' },
    })
    await node.stop()
    const again = await home.start()
    expect(again.waiting()).toEqual([1])
    await again.stop()
  })
})

describe('where an account stands', () => {
  it('follows from the store and the end of the journal, however long that is', async () => {
    const home = new Home()
    const first = await home.start()
    for (let n = 0; n < 40; n++) await transfer(first.author)
    await first.stop()
    expect(home.journal.files.size).toBeGreaterThan(5)
    const second = await home.start()
    const last = Math.max(...home.journal.files.keys())
    expect(new Set(second.reads)).toEqual(new Set([last]))
    expect((await transfer(second.author)).body.seq).toBe(41)
    second.kill()
    const third = await home.start()
    expect((await transfer(third.author)).body.seq).toBe(42)
    await third.stop()
  })

  it.each([
    ['lost', (path: string) => rmSync(path)],
    ['no store', (path: string) => writeFileSync(path, 'x'.repeat(8_192))],
  ])('follows from the whole journal where the store is %s', async (_, harm) => {
    const home = new Home()
    const first = await home.start()
    for (let n = 0; n < 20; n++) await transfer(first.author)
    await first.stop()
    harm(home.path)
    const second = await home.start()
    expect((await transfer(second.author)).body.seq).toBe(21)
    await second.stop()
  })

  it('follows from the whole journal where the store is that of another', async () => {
    const [home, other] = [new Home(), new Home()]
    const first = await home.start()
    for (let n = 0; n < 20; n++) await transfer(first.author)
    await first.stop()
    const elsewhere = await other.start()
    // More words in fewer lines: each turn has a seal.
    await Promise.all(Array.from({ length: 30 }, () => transfer(elsewhere.author, 7)))
    await elsewhere.stop()
    other.journal = home.journal
    const second = await other.start()
    expect((await transfer(second.author)).body.seq).toBe(21)
    await second.stop()
  })

  it('is never given from a store without room: the mark stays where it was', async () => {
    const home = new Home()
    home.hasRoom = false
    const first = await home.start()
    for (let n = 0; n < 5; n++) await transfer(first.author)
    first.clock.advance(20_000)
    await first.stop()
    home.hasRoom = true
    const second = await home.start()
    expect(second.reads).toContain(1)
    expect((await transfer(second.author)).body.seq).toBe(6)
    await second.stop()
  })
})

describe('a stored word', () => {
  it('comes back as it was, in order, and goes when it is dropped', () => {
    const home = new Home()
    const store = openSaidFile(home.path)
    const words = ['c', 'a', 'b'].map((id, at) => ({
      id: id as EnvelopeId,
      body: new Uint8Array([at]),
      isCarried: at === 1,
    }))
    store.commit({ places: [], words, carried: [], dropped: [] })
    expect([...store.words()]).toEqual(words)
    store.commit({ places: [], words: [], carried: ['c' as EnvelopeId], dropped: ['b' as EnvelopeId] })
    store.close()
    const again = openSaidFile(home.path)
    expect([...again.words()].map(({ id, isCarried }) => [id, isCarried])).toEqual([
      ['c', true],
      ['a', true],
    ])
    again.close()
  })
})
