import { openItem } from '../../codec/bundle/nested.ts'
import { envelopeIdOf } from '../../codec/cid.ts'
import { encodeDagJson } from '../../codec/dag-json/encode.ts'
import { decodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import type { ThreadId } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { LogSource } from '../../ports/network-log.ts'
import { LogIndex } from './choose.ts'
import type { StoredItem, StoredLog } from './stored-log.ts'

/**
 * What else the logs hold of a thread: entries of its needs that were refused, one line of dag-json each, {at, bucket,
 * item}. Its own file, outside of what every node promises to write alike. Source: record.md, "History and export".
 */
export function* writeAnnex(source: LogSource, thread: ThreadId, sha256: Sha256): Generator<string> {
  const index = new LogIndex(source, sha256)
  const needs = index.needsOf(thread)
  const ids = new Set(needs.map(({ id }) => id))
  for (const bucket of new Set(needs.map((need) => need.bucket))) {
    const log = index.log(bucket)
    for (const stored of log.items()) {
      if (stored.read.applied || !isOf(log, stored, ids)) continue
      yield `${encodeDagJson({ at: stored.at, bucket, item: openItem(stored.encoded) })}\n`
    }
  }
}

function isOf(log: StoredLog, stored: StoredItem, ids: ReadonlySet<string>): boolean {
  const item = log.decoded(stored)
  if (item.kind !== 'command') return false
  const command = decodeBucketCommand(item.command)
  return command.ok && 'need' in command.value && ids.has(envelopeIdOf(command.value.need))
}
