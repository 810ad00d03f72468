/**
 * Replays an export: runs the rules over what it holds, and says of each check what came of it. One pass over the file;
 * in memory are one block, the shadows of the machines, and hashes and headers of bounded number.
 *
 * 1. Every rule is the one that the network runs: steps of the machines, certificates, thread law, policies.
 * 2. The first thing that is otherwise ends the replay, with its place, what stands there and the rule.
 * 3. What could not be checked is said, and never counts as passed.
 *
 * Source: record.md, "Replay".
 */
import { readBundle } from '../codec/bundle/read-bundle.ts'
import type { ReplayedOutcome } from '../ports/task-replay.ts'
import { ReplayRun } from './replay-run.ts'
import type { ReplayOptions, ReplayProgress, ReplayReport } from './report.ts'

const PROGRESS_BLOCKS = 64

/** Yields now and then how far it is; returns what it found. Never throws for what a file holds. */
export function* replay(
  chunks: Iterable<Uint8Array>,
  options: ReplayOptions,
): Generator<ReplayProgress, ReplayReport, ReplayedOutcome | undefined> {
  const run = new ReplayRun(options)
  let blocks = 0
  let byte = 0
  for (const read of readBundle(chunks, options.crypto.sha256, (bytes) => run.leavesUnread(bytes))) {
    if (!read.ok) {
      const { place, rejection } = read.error
      return run.report({ place, event: `what follows ${run.event}`, check: 'encoding', rejection })
    }
    byte = read.value.place.byte
    while (run.awaits(read.value)) yield { byte, events: run.events, isWaiting: true }
    const divergence = run.take(read.value)
    if (divergence !== undefined) return run.report(divergence)
    blocks += 1
    if (blocks % PROGRESS_BLOCKS === 0 || run.beginsPart(read.value)) yield { byte, events: run.events }
  }
  while (run.awaits(undefined)) yield { byte, events: run.events, isWaiting: true }
  let divergence = run.finish()
  for (const task of divergence === undefined ? run.tasks() : []) {
    divergence ??= run.judge(task, yield { byte, events: run.events, task })
  }
  return run.report(divergence)
}
