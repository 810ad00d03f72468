import { encodeHubCommand, type HubCommand } from '../../codec/entry/hub-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import { ALL } from '../../core/ledger/tables.ts'
import { isAgeDue } from '../../core/system/commands/age.ts'
import { judgeLeaving } from '../../core/system/commands/leave-bootstrap.ts'
import { slotFacts } from '../../core/system/slots.ts'
import type { GroupAccess } from './group-access.ts'
import type { LeaderWatch } from './leader-watch.ts'

/** Accounts that one entry ages. */
const AGED_MAX = 1_024
/** Days are looked for only so often: each look is at every account. */
const LOOK_SLOTS = 64

/**
 * Entries of the hub that nobody asks for, which its leader proposes when their time has come: the end of bootstrap mode, and
 * reputation and recency by days. Source: consensus.md, "Quorums"; economy.md, "Pools, reputation, committees".
 */
export class HubCare {
  readonly #groups: Pick<GroupAccess, 'hub' | 'isLeader' | 'propose'>
  #isUnderway = false
  /** When it was last looked for while another node leads, and whether something was due. */
  #looked = { slot: 0, isDue: false }

  constructor(groups: Pick<GroupAccess, 'hub' | 'isLeader' | 'propose'>) {
    this.#groups = groups
  }

  /** A slot was made. */
  act(slot: number): void {
    if (this.#isUnderway || !this.#groups.isLeader(HUB)) return
    const command = this.#next(slot, slot % LOOK_SLOTS === 0)
    if (command === undefined) return
    this.#isUnderway = true
    this.#groups.propose(HUB, encodeHubCommand(command), () => {
      this.#isUnderway = false
    })
  }

  /** What is due and the leader does not propose is proposed from here, in the end. */
  oversee(watch: LeaderWatch, slot: number): void {
    if (!this.#looked.isDue && slot - this.#looked.slot < LOOK_SLOTS) return
    const command = this.#next(slot, true)
    this.#looked = { slot, isDue: command !== undefined }
    if (command !== undefined) watch.hold(HUB, command.kind, () => encodeHubCommand(command))
  }

  #next(slot: number, withDays: boolean): HubCommand | undefined {
    const hub = this.#groups.hub()
    const [network, settings, now] = [hub.get('network', ALL), hub.get('settings', ALL), slotFacts(hub, slot)]
    if (network === undefined || settings === undefined || now === undefined) return undefined
    if (judgeLeaving(network, settings.parameters, now) === undefined) {
      return { v: 1, kind: 'leave-bootstrap', slot }
    }
    if (!withDays || !this.#isDayOver(now.time)) return undefined
    return { v: 1, kind: 'age', slot, limit: AGED_MAX }
  }

  #isDayOver(time: number): boolean {
    const hub = this.#groups.hub()
    return hub.keys('agents').some((did) => {
      const agent = hub.get('agents', did)
      return agent !== undefined && isAgeDue(agent, time)
    })
  }
}
