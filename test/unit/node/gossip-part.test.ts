import { describe, expect, it } from 'vitest'
import { encodeGossip } from '../../../src/codec/gossip/gossip-message.ts'
import { cidOfId } from '../../../src/core/bucket/need-turn.ts'
import { STANDING } from '../../../src/core/proposer/standing.ts'
import type { Did, ThreadId } from '../../../src/model/ids.ts'
import { openGossipPart } from '../../../src/node/daemon/gossip-part.ts'
import type { TopicJudge } from '../../../src/ports/mesh.ts'
import { topicsOf } from '../../../src/services/gossip/topics.ts'
import { VOTERS } from '../../setup/certificates.ts'
import { addsTask, person, type Said, say } from '../../setup/said.ts'

const THREAD = 'a'.repeat(32) as ThreadId

const [voter, other, node] = VOTERS as [Did, Did, Did]
const { plan, system, need } = topicsOf('net')

/** The topics of a node whose peers, but for these, listen to nothing. */
function topicsWhere(self: Did, listening: readonly Did[], look?: () => void): readonly string[] {
  const topics: string[] = []
  const mesh = {
    self,
    subscribe: (topic: string) => void topics.push(topic),
    unsubscribe: () => undefined,
    subscribers: () => listening,
    publish: () => undefined,
  }
  const heart = { heart: {}, judge: () => Promise.reject(new Error('nothing comes')) }
  const options = { net: 'net', voters: new Set([voter, other]), mesh, heart, onBrought: () => false }
  const part = openGossipPart(options as unknown as Parameters<typeof openGossipPart>[0])
  part.start(() => 'ignore', look)
  part.stop()
  return topics
}

describe('the topics of a node', () => {
  it('are all of them where it follows, a voter that was restored too', () => {
    for (const self of [node, voter]) expect(topicsWhere(self, [])).toEqual([plan, system, need])
  })

  it('are those of plans alone where it decides itself, unless somebody follows by it', () => {
    const look = () => undefined
    expect(topicsWhere(voter, [other], look)).toEqual([plan])
    expect(topicsWhere(voter, [node], look)).toEqual([plan, system, need])
  })
})

describe('a message by gossip', () => {
  const NEED = addsTask(person('a need'), THREAD, 1).envelope.id
  const opening = {
    need_id: cidOfId(NEED),
    bid_round: 0,
    proposal_id: cidOfId(NEED),
    salt: new Uint8Array(32),
  }
  const reveals = (name: string, of = NEED) =>
    say(person(name), { thread: THREAD, seq: 1 }, 'REVEAL_PLAN', {
      ...opening,
      need_id: cidOfId(of),
      patch: {
        ops: [{ op_id: 'op', op_type: 'ADD_TASK', task_id: 'task', payload: { label: 'task' } }],
        base_lamport: 0,
      },
    })

  /** What a message on a topic is worth to a node on which a need is open, with one party. */
  async function worth(topic: string, { batch, envelope }: Said, isKept = false) {
    const judges = new Map<string, TopicJudge>()
    const mesh = {
      subscribe: (of: string, judge: TopicJudge) => void judges.set(of, judge),
      subscribers: () => [],
      publish: () => undefined,
    }
    const taken: unknown[] = []
    const heart = {
      take: (verified: unknown) => void taken.push(verified),
      bucketOf: (id: string) => (id === NEED ? 1 : undefined),
      standing: (_: string, did: Did) => (did === person('party').did ? STANDING.party : STANDING.stranger),
    }
    const verified = { items: [{ ok: true, value: envelope }] }
    const part = openGossipPart({
      net: 'net',
      voters: new Set(),
      mesh,
      heart: { heart, judge: () => Promise.resolve({ ok: true, value: verified }) },
      onBrought: () => isKept,
    } as unknown as Parameters<typeof openGossipPart>[0])
    part.start(() => 'ignore')
    const verdict = await judges.get(topic)?.(voter, encodeGossip({ kind: 'batch', batch }))
    expect(taken).toHaveLength(1)
    return verdict
  }

  it('goes on when its thread keeps it, or a party of an open need said it: strangers’ words end here', async () => {
    const task = addsTask(person('x'), THREAD, 2)
    expect(await worth(plan, task, true)).toBe('accept')
    expect(await worth(plan, task)).toBe('ignore')
    expect(await worth(need, reveals('party'))).toBe('accept')
    expect(await worth(need, reveals('nobody'))).toBe('ignore')
    expect(await worth(need, reveals('party', task.envelope.id))).toBe('ignore')
  })
})
