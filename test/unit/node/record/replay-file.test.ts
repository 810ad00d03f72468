import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { BundleBlockOf } from '../../../../src/codec/bundle/block.ts'
import { carFile } from '../../../../src/codec/bundle/write-bundle.ts'
import { replayFile } from '../../../../src/node/record/replay.ts'
import { fileOf } from '../../../setup/bundles.ts'
import { exportOf, forged, logsOf } from '../../../setup/exports.ts'
import { Theatre } from '../../../setup/theatre.ts'

const dir = mkdtempSync(join(tmpdir(), 'canswarm-replay-'))
afterAll(() => rmSync(dir, { recursive: true }))

const theatre = new Theatre()
const spoken = theatre.post('one')
theatre.play()
const exported = exportOf(logsOf(theatre), spoken.thread)

function replayed(file: Uint8Array, parallel: boolean) {
  const path = join(dir, 'thread.car')
  writeFileSync(path, file)
  const request = { path, network: undefined, anchor: undefined, allowUnchecked: new Set<string>() }
  return replayFile({ ...request, parallel, progress: () => undefined })
}

/** One byte of one voter's signature under the last item of the need. */
function withBadSignature(block: BundleBlockOf<'end'>): BundleBlockOf<'end'> {
  const certificate = block.certificate.map(
    ([head, [first, ...others]]): (typeof block.certificate)[number] => {
      if (first === undefined) return [head, others]
      const [voter, path, s] = first
      return [head, [[voter, path, s.map((byte, at) => (at === 7 ? byte ^ 1 : byte)) as typeof s], ...others]]
    },
  )
  return { ...block, certificate }
}

describe('replay with all cores', () => {
  it('finds what replay with one finds: nothing in a sound file', async () => {
    const file = fileOf(carFile(exported.blocks))
    const [one, all] = [await replayed(file, false), await replayed(file, true)]
    expect(one.sound).toBe(true)
    expect(all).toEqual(one)
  }, 60_000)

  it('names the place of a bad signature in a file whose every hash is right', async () => {
    const file = forged(exported, (blocks) =>
      blocks.map((block) => (block.kind === 'end' ? withBadSignature(block) : block)),
    )
    const all = await replayed(file, true)
    expect(all.divergence).toMatchObject({ check: 'certificates', rejection: { code: 'BAD_SIGNATURE' } })
    expect(all).toEqual(await replayed(file, false))
  }, 60_000)
})
