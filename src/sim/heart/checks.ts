import { recordKey } from '../../core/bucket/tables.ts'
import { isConserved } from '../../core/ledger/conservation.ts'
import { conservation } from '../../core/system/conservation.ts'
import { Violation } from '../raft/violation.ts'
import type { Stage } from './stage.ts'

/** What must hold after every item, and what must hold when all needs are over. Source: verification.md, "Properties". */
export interface Checks {
  now(): void
  atEnd(needs: readonly string[]): void
  readonly items: number
}

export function newChecks(stage: Stage): Checks {
  const decided = new Map<string, string>()
  const lasts = new Map<string, { attempt: number; fence: number }>()

  /** P1: one DECIDE for a need, for ever. P4: attempts and fences never go back. */
  function checkNeeds(): void {
    for (const bucket of stage.network.buckets) {
      const { records } = stage.bucket(bucket)
      const fence = records.get('bucket', '')?.fenceEpoch ?? 0
      for (const id of records.keys('needs')) {
        const need = records.get('needs', id)
        const record = records.get('records', recordKey(id, 'decide'))?.toHex()
        const before = decided.get(id)
        if (before !== undefined && before !== record)
          throw new Violation('P1', `need ${id} was decided twice`)
        if (record !== undefined) decided.set(id, record)
        const last = lasts.get(id)
        const attempt = need?.attempt ?? 0
        if (last !== undefined && (attempt < last.attempt || fence < last.fence)) {
          throw new Violation('P4', `need ${id} went back to attempt ${attempt}, fence ${fence}`)
        }
        lasts.set(id, { attempt, fence })
        const mayHold = ['CLAIMED', 'COMMITTED', 'FINAL', 'SETTLED', 'EXPIRED', 'SPLIT'].includes(
          need?.state ?? '',
        )
        if (need?.state === 'CLAIMED' ? need.lease === undefined : need?.lease !== undefined && !mayHold) {
          throw new Violation('P5', `need ${id} is ${need?.state}, lease ${need?.lease?.id}`)
        }
      }
    }
  }

  /** P5: an active verifier has the minimum stake. L: nothing is left behind. */
  function checkAccounts(isEnd: boolean): void {
    const { records } = stage.hub
    const least = records.get('settings', 'all')?.parameters.verifierStakeMinMicro ?? 0n
    for (const did of records.keys('agents')) {
      const stake = records.get('accounts', did)?.stake ?? 0n
      if (records.get('agents', did)?.isActive === true && stake < least) {
        throw new Violation('P5', `${did} is active with a stake of ${stake}`)
      }
    }
    if (!isEnd) return
    for (const key of records.keys('accounts')) {
      const account = records.get('accounts', key)
      if (account !== undefined && (account.seats > 0n || account.bonds > 0n || account.open > 0)) {
        const { seats, bonds, open } = account
        throw new Violation('L', `${key} is left with seats ${seats}, bonds ${bonds}, ${open} open needs`)
      }
    }
    const left = records.keys('escrows')
    if (left.length > 0) throw new Violation('L', `${left.length} escrows are left`)
  }

  return {
    get items() {
      return (
        stage.network.hub.size +
        stage.network.buckets.reduce((sum, one) => sum + stage.network.log(one).length, 0)
      )
    },
    now: () => {
      checkNeeds()
      checkAccounts(false)
    },
    atEnd: (needs) => {
      checkNeeds()
      checkAccounts(true)
      if (!isConserved(conservation(stage.hub.records)))
        throw new Violation('L', 'credits in are not credits out')
      for (const id of needs) {
        if (stage.hub.records.get('needs', id) !== undefined)
          throw new Violation('L', `the hub still holds need ${id}`)
      }
    },
  }
}
