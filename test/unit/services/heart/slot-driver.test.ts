import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { decodeHubCommand } from '../../../../src/codec/entry/hub-command.ts'
import { signStatement } from '../../../../src/codec/signed/statement.ts'
import { Records } from '../../../../src/core/records/tables.ts'
import type { HubTables } from '../../../../src/core/system/tables.ts'
import type { KeyPair } from '../../../../src/ports/keystore.ts'
import { SlotDriver } from '../../../../src/services/heart/slot-driver.ts'
import { NET } from '../../../setup/arbitrary-envelope.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { type Person, person } from '../../../setup/said.ts'

const VOTERS = ['one', 'two', 'three'].map(person) as [Person, Person, Person]
const [SELF, TURN] = VOTERS
const LINK = new Uint8Array(32).fill(1)
const WRONG = new Uint8Array(32).fill(2)

/** The leader of the hub makes slot 1, in which it is the turn of the second voter; gives the links that it proposes. */
function leading(link: Uint8Array | undefined) {
  const chain = { serial: 1, anchor: nodeCrypto.sha256(LINK), left: 8, missed: 0 }
  const hub = new Records<HubTables>()
  hub.apply([{ table: 'chains', key: TURN.did, value: chain }])
  const links: (Uint8Array | undefined)[] = []
  const driver = new SlotDriver({
    key: SELF as KeyPair,
    net: NET,
    crypto: nodeCrypto,
    clock: new ManualClock(),
    groups: {
      voters: VOTERS.map(({ did }) => did),
      slotMs: 100,
      leader: () => SELF.did,
      isLeader: () => true,
      hub: () => hub,
      propose: (_, bytes) => {
        const command = decodeHubCommand(bytes)
        if (command.ok && command.value.kind === 'slot') links.push(command.value.link)
      },
    },
    send: () => undefined,
  })
  for (const voter of [SELF, TURN]) {
    const body = { v: 1 as const, n: 1, time: 5 }
    const s = signStatement(nodeCrypto, 'clock-reading', NET, voter.secret, body)
    driver.hear({ voter: voter.did, body, s }, voter === TURN ? link : undefined)
  }
  driver.stop()
  return links
}

describe('the leader of the hub', () => {
  it('makes a slot with the link of the voter whose turn it is', () => {
    expect(leading(LINK)).toEqual([LINK])
  })

  it('makes it without one where that voter shows another than its next', () => {
    expect(leading(WRONG)).toEqual([undefined])
    expect(leading(undefined)).toEqual([undefined])
  })
})
