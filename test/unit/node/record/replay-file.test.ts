import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { BundleBlockOf } from '../../../../src/codec/bundle/block.ts'
import { carFile, jsonlFile } from '../../../../src/codec/bundle/write-bundle.ts'
import { replayFile } from '../../../../src/node/record/replay.ts'
import { fileOf } from '../../../setup/bundles.ts'
import { exportOf, forged, logsOf } from '../../../setup/exports.ts'
import { Theatre } from '../../../setup/theatre.ts'

const dir = mkdtempSync(join(tmpdir(), 'canswarm-replay-'))
afterAll(() => rmSync(dir, { recursive: true }))

const theatre = new Theatre()
const spoken = theatre.post('one')
for (let n = 0; n < 20; n++) theatre.post(`more-${n}`, {}, spoken.thread)
theatre.play()
const exported = exportOf(logsOf(theatre), spoken.thread)

function replayed(file: Uint8Array, parallel: boolean) {
  const path = join(dir, 'thread.car')
  writeFileSync(path, file)
  const request = { path, network: undefined, anchor: undefined, allowUnchecked: new Set<string>() }
  return replayFile({ ...request, parallel, threads: 1, progress: () => undefined })
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
    for (const form of [carFile, jsonlFile]) {
      const file = fileOf(form(exported.blocks))
      const [one, all] = [await replayed(file, false), await replayed(file, true)]
      expect(one.sound).toBe(true)
      expect(JSON.stringify(all)).toBe(JSON.stringify(one))
    }
  }, 60_000)

  it.each([0.4, 0.7, 0.95])(
    'names what one finds first: a flipped byte at %f of the file',
    async (share) => {
      const file = fileOf(carFile(exported.blocks))
      const at = Math.floor(file.length * share)
      const flipped = file.with(at, (file[at] as number) ^ 4)
      const all = await replayed(flipped, true)
      expect(all.divergence).toBeDefined()
      expect(JSON.stringify(all)).toBe(JSON.stringify(await replayed(flipped, false)))
    },
    60_000,
  )

  it('names the first of two buckets that are not sound, whichever was found first', async () => {
    const file = forged(exported, (blocks) => {
      const places = blocks.flatMap(({ kind }, at) => (kind === 'end' ? [at] : []))
      const wrong = new Set([places[2], places.at(-1)])
      return blocks.map((block, at) =>
        wrong.has(at) && block.kind === 'end' ? { ...block, state: 'SPLIT' } : block,
      )
    })
    const all = await replayed(file, true)
    expect(all.divergence?.check).toBe('records')
    expect(all).toEqual(await replayed(file, false))
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
