import { STANDING, standingIn } from '../../core/proposer/standing.ts'
import type { GroupAccess } from './group-access.ts'
import type { NeedIndex } from './need-index.ts'
import type { NeedStandings } from './need-pools.ts'

/**
 * Who may be heard in a need, as this node's state is; undefined for one that is not open here. While bids come, a statement
 * names who is registered too: any of them may bid. Later entries conclude from the silence of parties alone.
 */
export function standingsOf(
  groups: Pick<GroupAccess, 'hub' | 'bucket'> | undefined,
  index: Pick<NeedIndex, 'bucketOf'>,
  need: string,
): NeedStandings | undefined {
  const bucket = index.bucketOf(need)
  if (groups === undefined || bucket === undefined) return undefined
  const view = groups.bucket(bucket)
  const isBidding = view.get('needs', need)?.state === 'OPEN'
  return {
    of: standingIn(view, need, (sender) => groups.hub().get('agents', sender) !== undefined),
    least: isBidding ? STANDING.known : STANDING.party,
  }
}
