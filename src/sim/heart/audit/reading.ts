/** Logs as an auditor reads them: the items that were applied, decoded, and nothing that a machine made of them. */
import { type BucketCommand, decodeBucketCommand } from '../../../codec/entry/bucket-command.ts'
import { decodeToBucket, decodeToHub, type ToBucket, type ToHub } from '../../../codec/entry/effect.ts'
import { decodeHubCommand, type HubCommand } from '../../../codec/entry/hub-command.ts'
import { decodeItem, HUB } from '../../../codec/entry/item.ts'
import type { LoggedItem } from '../group.ts'
import type { Stage } from '../stage.ts'

export type HubEvent =
  | { readonly kind: 'command'; readonly command: HubCommand }
  | { readonly kind: 'effect'; readonly effect: ToHub; readonly source: number; readonly n: number }

export type BucketEvent =
  | { readonly kind: 'command'; readonly command: BucketCommand }
  | { readonly kind: 'effect'; readonly effect: ToBucket; readonly n: number }

export function readHub({ network }: Stage): readonly HubEvent[] {
  return network.log(HUB).flatMap((logged): readonly HubEvent[] => {
    const item = appliedItem(logged)
    if (item === undefined) return []
    if (item.kind === 'command') {
      const command = decodeHubCommand(item.command)
      return command.ok ? [{ kind: 'command', command: command.value }] : []
    }
    const effect = decodeToHub(item.body)
    return effect.ok ? [{ kind: 'effect', effect: effect.value, source: item.source, n: item.n }] : []
  })
}

export function readBucket({ network }: Stage, bucket: number): readonly BucketEvent[] {
  return network.log(bucket).flatMap((logged): readonly BucketEvent[] => {
    const item = appliedItem(logged)
    if (item === undefined) return []
    if (item.kind === 'command') {
      const command = decodeBucketCommand(item.command)
      return command.ok ? [{ kind: 'command', command: command.value }] : []
    }
    const effect = decodeToBucket(item.body)
    return effect.ok ? [{ kind: 'effect', effect: effect.value, n: item.n }] : []
  })
}

function appliedItem({ item, outcome }: LoggedItem) {
  if (outcome !== 'applied') return undefined
  const decoded = decodeItem(item)
  return decoded.ok ? decoded.value : undefined
}
