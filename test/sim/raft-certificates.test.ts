import { describe, expect, it } from 'vitest'
import type { Certificate } from '../../src/codec/certificate/certificate.ts'
import { verifyCertificate } from '../../src/core/certificate/verify-certificate.ts'
import type { GroupId } from '../../src/model/raft.ts'
import { certified } from '../setup/certified-world.ts'
import { board, propose, startWorld } from './raft-world.ts'

const [A, B] = [0 as GroupId, 1 as GroupId]

describe('effects between two groups of three nodes', () => {
  it('arrive once, are answered once, and each is proved by a certificate', () => {
    const certificates: Certificate[] = []
    const certificationOf = certified(3, 0)
    const world = startWorld({
      groups: 2,
      certificationOf,
      onSeal: (_node, notice) => {
        if (notice.kind === 'certificate') certificates.push(notice.certificate)
      },
    })
    const leader = world.leader(A)?.id ?? 0
    for (const text of ['one', 'two', 'three'])
      propose(world, leader, { kind: 'tell', target: B, text }, { group: A })
    world.until(() => board(world, leader, A)?.answers.length === 3)
    world.run(1000)
    for (const node of [1, 2, 3]) {
      expect(board(world, node, B).arrived).toEqual(['0:one', '0:two', '0:three'])
      expect(board(world, node, A).answers).toHaveLength(3)
    }
    const { rules } = certificationOf(1 as never)
    expect(new Set(certificates.map(({ head }) => head.group))).toEqual(new Set([A, B]))
    for (const certificate of certificates) {
      const config = rules.genesisOf(certificate.head.group, 0)
      if (config === undefined) throw new Error('genesis has the group')
      expect(verifyCertificate(certificate, config, rules).ok).toBe(true)
      expect(certificate.shares).toHaveLength(2)
    }
  })
})
