import { describe, expect, it } from 'vitest'
import type { Did } from '../../../src/model/ids.ts'
import { openGossipPart } from '../../../src/node/daemon/gossip-part.ts'
import { topicsOf } from '../../../src/services/gossip/topics.ts'
import { VOTERS } from '../../setup/certificates.ts'

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
  const options = { net: 'net', voters: new Set([voter, other]), mesh, heart, onBrought: () => undefined }
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
