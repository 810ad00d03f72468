import { describe, expect, it } from 'vitest'
import type { BundleBlock } from '../../../src/codec/bundle/block.ts'
import { carFile } from '../../../src/codec/bundle/write-bundle.ts'
import { encodeHubCommand } from '../../../src/codec/entry/hub-command.ts'
import { HUB } from '../../../src/codec/entry/item.ts'
import type { ReplayReport } from '../../../src/replay/report.ts'
import { FORMS, fileOf } from '../../setup/bundles.ts'
import { type ExportedFile, exportOf, forged, logsOf, replayOf } from '../../setup/exports.ts'
import { Theatre } from '../../setup/theatre.ts'

const ALL = new Set(['tasks'])
const quiet = play({})

/** A need that is played to its end, and its export. */
function play(
  options: ConstructorParameters<typeof Theatre>[0],
  changes = {},
): ExportedFile & { state: string } {
  const theatre = new Theatre(options)
  const spoken = theatre.post('one', changes)
  expect(theatre.play(3_000)).toBe(true)
  return { ...exportOf(logsOf(theatre), spoken.thread), state: theatre.stateOf(spoken.id) ?? '' }
}

function verdictOf({ divergence, checks }: ReplayReport): string {
  if (divergence === undefined) return checks.map(({ status }) => status).join(' ')
  const { place, event, check, rejection } = divergence
  return `${place.unit} ${place.number}, ${event}, ${check}: ${rejection.code} ${rejection.message}`
}

const PASSED = Array<string>(12).fill('passed').join(' ')

describe('replay', () => {
  it.each(Object.entries(FORMS))('passes all checks of a finished need, as %s', (_form, write) => {
    const report = replayOf(fileOf(write(quiet.blocks)))
    expect(verdictOf(report)).toBe(PASSED)
    expect(report).toMatchObject({ sound: true, networkChecked: false, anchored: false })
  })

  it.each([
    ['a lying worker whom honest seats reject', { workers: ['liar', 'honest'] }, 'SETTLED'],
    ['a lost lease', { workers: ['sleeper', 'honest'] }, 'SETTLED'],
    ['a yield', { workers: ['quitter', 'honest'] }, 'SETTLED'],
    ['a plan that is never revealed', { workers: ['secretive', 'honest'] }, 'SETTLED'],
    ['nobody who bids', { workers: [] }, 'EXPIRED'],
  ] as const)('passes a thread with %s', (_about, cast, state) => {
    const played = play(cast)
    expect(played.state).toBe(state)
    expect(verdictOf(replayOf(fileOf(carFile(played.blocks))))).toBe(PASSED)
  })

  it('passes a need whose bucket had its fence raised by governance before the DECIDE', () => {
    const theatre = new Theatre({ workers: ['honest'] })
    const { stage } = theatre
    const spoken = theatre.post('one')
    while (stage.bucketOf(spoken.id) === undefined) theatre.step()
    const act = { kind: 'fence' as const, bucket: stage.bucketOf(spoken.id) ?? 0, reason: 'reconcile' }
    const body = { v: 1 as const, nonce: 1, act }
    const votes = stage.voters.map((voter) => ({
      voter: voter.did,
      s: voter.state('governance-vote', body).s,
    }))
    const command = encodeHubCommand({ v: 1, kind: 'govern', slot: stage.slot, body, votes })
    expect(stage.network.propose(HUB, command).kind).toBe('applied')
    expect(theatre.play(3_000)).toBe(true)
    const file = fileOf(carFile(exportOf(logsOf(theatre), spoken.thread).blocks))
    const report = replayOf(file)
    expect(verdictOf(report)).toBe(PASSED)
    expect(JSON.stringify(report.checks)).toContain('fences and leaders')
  })

  it('passes an upheld challenge against accepting seats', () => {
    const verifiers = ['nodder', ...Array<'honest'>(8).fill('honest')] as const
    const played = play({ workers: ['liar', 'honest'], verifiers, challengers: ['honest'] })
    expect(verdictOf(replayOf(fileOf(carFile(played.blocks))))).toBe(PASSED)
  })

  it('fails for another network than the caller names', () => {
    const file = fileOf(carFile(quiet.blocks))
    const [, second] = quiet.blocks
    const report = replayOf(file, { network: second?.cid as never })
    expect(verdictOf(report)).toMatch(/genesis, encoding: WRONG_NETWORK/)
  })

  it('says what it cannot check, and never counts it as passed', () => {
    const played = play({}, { verification: { mode: 'reexecute' } })
    const file = fileOf(carFile(played.blocks))
    const report = replayOf(file)
    expect(report.sound).toBe(false)
    expect(report.checks[10]).toMatchObject({ name: 'tasks', status: 'not-checked', allowed: false })
    expect(replayOf(file, { allowUnchecked: ALL }).sound).toBe(true)
    const undone = replayOf(file, { tasks: () => ({ kind: 'undone', why: 'no module' }) })
    expect(undone.checks[10]).toMatchObject({ status: 'not-checked', unchecked: ['no module (1)'] })
  })

  it('exports what is not over yet, up to the last certified entry, and marks it', () => {
    const theatre = new Theatre()
    const spoken = theatre.post('one')
    for (let slot = 0; slot < 40; slot++) theatre.step()
    expect(theatre.stateOf(spoken.id)).toBe('FINAL')
    const { exported, blocks } = exportOf(logsOf(theatre), spoken.thread)
    expect(exported.finished).toBe(false)
    const report = replayOf(fileOf(carFile(blocks)))
    expect(verdictOf(report)).toBe(PASSED)
    expect(report.needs).toMatchObject([{ state: 'FINAL', finished: false }])
  })
})

describe('a liar who names every block anew', () => {
  const items = (blocks: readonly BundleBlock[]) =>
    blocks.flatMap((block, at) => ('item' in block ? [at] : []))

  it.each([
    ['drops any item', (blocks: BundleBlock[], at: number) => blocks.toSpliced(at, 1)],
    [
      'doubles any item',
      (blocks: BundleBlock[], at: number) => blocks.toSpliced(at, 0, blocks[at] as BundleBlock),
    ],
    [
      'swaps any two neighbours',
      (blocks: BundleBlock[], at: number) =>
        blocks.with(at, blocks[at + 1] as BundleBlock).with(at + 1, blocks[at] as BundleBlock),
    ],
  ])('is found when it %s', (_about, change) => {
    let places: readonly number[] = []
    forged(quiet, (blocks) => {
      places = items(blocks)
      return blocks
    })
    expect(places.length).toBeGreaterThan(10)
    for (const at of places) {
      const report = replayOf(forged(quiet, (blocks) => change(blocks, at)))
      expect(report.sound, `block ${at}`).toBe(false)
      expect(report.divergence?.place.number).toBeGreaterThan(0)
    }
  })

  it('is found when it leaves a dissenting vote out, at the next entry of the need', () => {
    const verifiers = [...Array<'honest'>(4).fill('honest'), ...Array<'nodder'>(8).fill('nodder')] as const
    let dissent = 0
    for (let seed = 0; seed < 12; seed++) {
      if (dissent > 0) break
      const played = play({ workers: ['liar'], verifiers, seed: `dissent ${seed}` })
      const file = forged(played, (blocks) =>
        blocks.map((block) => {
          const changed = withoutDissent(block)
          if (changed !== block) dissent += 1
          return changed
        }),
      )
      if (dissent > 0) expect(verdictOf(replayOf(file))).toMatch(/CONFLICT/)
    }
    expect(dissent).toBeGreaterThan(0)
  })

  it('is found when it says that another voter proposed an entry, by the certified head alone', () => {
    const theatre = new Theatre()
    const spoken = theatre.post('one')
    while (theatre.stateOf(spoken.id) !== 'RANKED') theatre.step()
    const begun = exportOf(logsOf(theatre), spoken.thread)
    expect(verdictOf(replayOf(fileOf(carFile(begun.blocks))))).toBe(PASSED)
    const [, , other] = theatre.stage.voters
    const file = forged(begun, (blocks) =>
      blocks.map((block) => {
        if (block.kind !== 'item') return block
        const [code, command] = block.item as [number, { readonly kind: string }]
        if (command.kind !== 'close') return block
        return { ...block, item: [code, { ...command, by: other?.did as string }] }
      }),
    )
    expect(verdictOf(replayOf(file))).toMatch(/^block [0-9]+, end of need .*chain of hashes$/)
  })

  it('is found when it changes a record, a state, a plan or a balance that an item read', () => {
    const changes: Record<string, (block: BundleBlock) => BundleBlock> = {
      records: (block) =>
        block.kind === 'end'
          ? {
              ...block,
              records: block.records.map(
                ([name, bytes]) => [name, bytes.map((byte) => byte ^ 1)] as [string, Uint8Array],
              ),
            }
          : block,
      state: (block) => (block.kind === 'end' ? { ...block, state: 'EXPIRED' } : block),
      plan: (block) =>
        block.kind === 'plans'
          ? { ...block, plans: block.plans.map((plan) => ({ ...plan, operations: plan.operations + 1 })) }
          : block,
    }
    for (const [check, change] of Object.entries(changes)) {
      const report = replayOf(forged(quiet, (blocks) => blocks.map(change)))
      expect(report.divergence?.check, check).toBe(check === 'plan' ? 'plan' : 'records')
    }
  })
})

/** A `finalize` or `wave` without the verdicts that do not accept; any other block as it is. */
function withoutDissent(block: BundleBlock): BundleBlock {
  if (block.kind !== 'item') return block
  const [code, command] = block.item as [number, Finalize]
  if (command.kind !== 'finalize' && command.kind !== 'wave') return block
  const verdicts = command.verdicts.filter(({ signed }) => signed.payload.verdict === 'accept')
  if (verdicts.length === command.verdicts.length) return block
  return { ...block, item: [code, { ...command, verdicts }] as never }
}

interface Finalize {
  readonly kind: string
  readonly verdicts: readonly { readonly signed: { readonly payload: { readonly verdict: string } } }[]
}
