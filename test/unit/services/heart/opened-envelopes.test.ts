import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import type { World } from '../../../../src/core/records/world.ts'
import type { ThreadId } from '../../../../src/model/ids.ts'
import { rememberingOpened } from '../../../../src/services/heart/opened-envelopes.ts'
import { changes, mutated, sitesOf } from '../../../setup/mutate-ipld.ts'
import { addsTask, openWorld, person } from '../../../setup/said.ts'

const THREAD = 'a'.repeat(32) as ThreadId
const AUTHOR = person('author')
const said = (seq: number) => addsTask(AUTHOR, THREAD, seq)
const { field, envelope } = said(2)

/** A world that remembers, and what it opened all the same. */
function remembering(entriesMax?: number) {
  const opened: Ipld[] = []
  const counted: World = {
    ...openWorld,
    openEnvelope(one, atMs) {
      opened.push(one)
      return openWorld.openEnvelope(one, atMs)
    },
  }
  return { world: rememberingOpened(counted, entriesMax), opened }
}

describe('an envelope that was opened', () => {
  it('is not opened again, however often and as which copy it comes', () => {
    const { world, opened } = remembering()
    for (const _ of [1, 2, 3]) {
      const again = world.openEnvelope(structuredClone(field), 5)
      expect(again).toEqual({ ok: true, value: envelope })
    }
    expect(opened).toHaveLength(1)
  })

  it('lends nothing to what differs from it in any place', () => {
    fc.assert(
      fc.property(changes, (pairs) => {
        const { world } = remembering()
        world.openEnvelope(field, 0)
        for (const [site, change] of pairs) {
          const other = mutated(field, site, change)
          expect(world.openEnvelope(other, 0)).toEqual(openWorld.openEnvelope(other, 0))
        }
      }),
    )
  })

  it('lends nothing to what differs in one bit', () => {
    const { world } = remembering()
    world.openEnvelope(field, 0)
    const bytes = sitesOf(field as Ipld).filter(({ value }) => value instanceof Uint8Array)
    expect(bytes.length).toBeGreaterThan(2)
    for (const { value } of bytes) {
      const part = value as Uint8Array
      for (const at of [0, part.length >> 1, part.length - 1]) {
        part[at] = (part[at] ?? 0) ^ 1
        expect(world.openEnvelope(field, 0).ok).toBe(false)
        part[at] = (part[at] ?? 0) ^ 1
      }
    }
    expect(world.openEnvelope(field, 0).ok).toBe(true)
  })

  it('rests on no bytes of whoever showed it', () => {
    const { world } = remembering()
    const lent = structuredClone(field) as { readonly body: Uint8Array; readonly sig: { s: Uint8Array } }
    const opened = world.openEnvelope(lent, 0)
    lent.body.fill(0)
    lent.sig.s.fill(0)
    expect(opened).toEqual({ ok: true, value: envelope })
    expect(world.openEnvelope(field, 0)).toEqual({ ok: true, value: envelope })
  })

  it('is forgotten for others, and opened again', () => {
    const { world, opened } = remembering(1)
    for (const one of [said(3), said(4), said(3)]) expect(world.openEnvelope(one.field, 0).ok).toBe(true)
    expect(opened).toHaveLength(3)
  })
})

describe('an envelope that one signed for another', () => {
  it('is opened each time: what lets it has a term', () => {
    const { opened, world } = remembering()
    const { body, sig } = field as { readonly body: Uint8Array; readonly sig: object }
    const delegated = { body, sig: { ...sig, by: person('node').did } } as unknown as Ipld
    for (const atMs of [0, 1]) world.openEnvelope(delegated, atMs)
    expect(opened).toHaveLength(2)
  })
})
