import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { decodeBatchProof, encodeBatchProof } from '../../src/codec/certificate/batch-proof.ts'
import type { Certificate } from '../../src/codec/certificate/certificate.ts'
import { decodeCertificate } from '../../src/codec/certificate/certificate.ts'
import { decodeSealNote, encodeSealNote } from '../../src/codec/certificate/seal-note.ts'
import { shareRoot } from '../../src/codec/certificate/share.ts'
import { decodeFrame, encodeFrame, type FrameItem } from '../../src/codec/raft-frame/frame.ts'
import { verifyDoubleSigning } from '../../src/core/certificate/double-signing.ts'
import { encodeSealedLog } from '../../src/core/certificate/sealed-checkpoint.ts'
import { openLinks } from '../../src/core/certificate/sealed-log.ts'
import { isItem, verifyLeaf } from '../../src/core/certificate/verify-leaf.ts'
import {
  extendChainAll,
  latestConfig,
  startChain,
  verifyInChain,
} from '../../src/core/certificate/voter-chain.ts'
import { commandItem } from '../../src/core/replica/leaf-items.ts'
import { machineOfGroup } from '../../src/core/witness/machine.ts'
import type { GroupId, RaftId } from '../../src/model/raft.ts'
import type { CertifiedItem, StateMachine } from '../../src/ports/state-machine.ts'
import { LogKeeper } from '../../src/services/heart/log-keeper.ts'
import type { Certification, SealNotice } from '../../src/services/raft-host/certification.ts'
import { SEAL_NOTE } from '../../src/services/raft-host/group-seals.ts'
import { plainChange } from '../../src/services/raft-host/membership.ts'
import type { Mutant } from '../../src/services/raft-host/seam.ts'
import { StoredLog } from '../../src/services/record/stored-log.ts'
import { type Board, type BoardWrite, boardMachine, encodeBoardCommand } from '../../src/sim/raft/machines.ts'
import { lyingFrame } from '../../src/sim/raft/seal-checks.ts'
import { SimKeys } from '../../src/sim/raft/sim-keys.ts'
import { Killed } from '../../src/sim/raft/sim-node.ts'
import type { World, WorldOptions } from '../../src/sim/raft/world.ts'
import { certified } from '../setup/certified-world.ts'
import { MemoryLogs } from '../setup/memory-logs.ts'
import { add, board, followers, groupOf, kinds, mustLead, propose, startWorld } from './raft-world.ts'

const [A, B] = [0 as GroupId, 1 as GroupId]
const { sha256 } = nodeCrypto
const KEYS = new SimKeys(sha256)

/** Worlds of certified groups, with a list of what nodes said. */
function sealedWorld(options: Partial<WorldOptions> & { readonly voters: number; readonly f: number }): {
  world: World
  notices: { node: RaftId; notice: SealNotice }[]
  rules: Certification['rules']
} {
  const notices: { node: RaftId; notice: SealNotice }[] = []
  const certificationOf = options.certificationOf ?? KEYS.certification(options.voters, options.f)
  const world = startWorld({
    nodes: options.voters,
    groups: 2,
    ...options,
    certificationOf,
    onSeal: (node, notice) => {
      options.onSeal?.(node, notice)
      notices.push({ node, notice })
    },
  })
  return { world, notices, rules: certificationOf(1 as RaftId).rules }
}

/** Tells B something, and waits until A has the answer. */
function tell(world: World, text: string): void {
  const before = board(world, mustLead(world, A).id, A).answers.length
  propose(world, mustLead(world, A).id, { kind: 'tell', target: B, text }, { group: A })
  world.until(() => {
    const leader = world.leader(A)
    return leader !== undefined && board(world, leader.id, A).answers.length > before
  })
}

function certificatesOf(notices: readonly { notice: SealNotice }[]): readonly Certificate[] {
  return notices.flatMap(({ notice }) => (notice.kind === 'certificate' ? [notice.certificate] : []))
}

describe('effects between two certified groups', () => {
  it('arrive once, are answered once, and each is proved by a certificate, with real keys', () => {
    const { world, notices, rules } = sealedWorld({ voters: 3, f: 0, certificationOf: certified(3, 0) })
    for (const text of ['one', 'two', 'three']) tell(world, text)
    world.run(1000)
    for (const node of [1, 2, 3]) {
      expect(board(world, node, B).arrived).toEqual(['0:one', '0:two', '0:three'])
      expect(board(world, node, A).answers).toHaveLength(3)
    }
    expect(new Set(certificatesOf(notices).map(({ head }) => head.group))).toEqual(new Set([A, B]))
    for (const certificate of certificatesOf(notices)) {
      const config = rules.genesisOf(certificate.head.group, 0)
      if (config === undefined) throw new Error('genesis has the group')
      expect(verifyInChain(startChain(config), certificate, rules).ok).toBe(true)
      expect(certificate.shares).toHaveLength(2)
    }
  })

  it('need nobody else where there is one voter', () => {
    const { world, notices } = sealedWorld({ voters: 1, f: 0 })
    tell(world, 'alone')
    expect(board(world, 1, B).arrived).toEqual(['0:alone'])
    expect(certificatesOf(notices).every(({ shares }) => shares.length === 1)).toBe(true)
  })

  it('wait while enough are there to decide and too few to certify, and go on when one is back', () => {
    const { world } = sealedWorld({ voters: 5, f: 1 })
    const leaders = new Set([A, B].map((group) => world.leader(group)?.id))
    const [one, two] = followers(world, A).filter(({ id }) => !leaders.has(id))
    world.kill(one?.id ?? 0)
    tell(world, 'four of five')
    world.kill(two?.id ?? 0)
    const [taken] = [
      propose(world, mustLead(world, A).id, { kind: 'tell', target: B, text: 'late' }, { group: A }),
    ]
    world.run(4000)
    expect(kinds(taken)).toEqual(['applied'])
    expect(board(world, mustLead(world, A).id, A).answers).toHaveLength(1)
    world.start(one?.id ?? 0)
    world.until(() => board(world, mustLead(world, A).id, A).answers.length === 2)
  })

  it('go on over any number more than one batch can prove', () => {
    const { world } = sealedWorld({ voters: 3, f: 0 })
    const texts = Array.from({ length: 700 }, (_, n) => `t${n}`)
    for (const text of texts)
      propose(world, mustLead(world, A).id, { kind: 'tell', target: B, text }, { group: A })
    world.until(() => board(world, mustLead(world, A).id, A).answers.length === 700)
    expect(board(world, mustLead(world, B).id, B).arrived).toEqual(texts.map((text) => `0:${text}`))
    // Nothing is kept of what is answered.
    world.run(2000)
    expect(groupOf(world, mustLead(world, A).id, A).replica?.sealed?.outputs.size).toBe(0)
  })
})

describe('what a voter signs', () => {
  it('is on its disk before it is spoken: killed in between, it signs the same again', () => {
    let killed: { node: RaftId; size: number } | undefined
    const { world, notices } = sealedWorld({
      voters: 3,
      f: 1, // all must sign
      onSeal: (node, notice) => {
        if (killed !== undefined || notice.kind !== 'signed') return
        killed = { node, size: notice.shares.heads[0]?.size ?? 0 }
        throw new Killed()
      },
    })
    propose(world, mustLead(world, A).id, { kind: 'tell', target: B, text: 'x' }, { group: A })
    world.until(() => killed !== undefined)
    const { node, size } = killed ?? { node: 0, size: 0 }
    const note = world.node(node).durable.groups.get(A)?.notes.get(SEAL_NOTE)
    const noted = note && decodeSealNote(note.bytes)
    expect(noted?.ok === true && noted.value.map((head) => head.size)).toEqual([size])
    world.start(node)
    expect(groupOf(world, node, A).noted).toHaveLength(1)
    world.until(() => board(world, 1, A).answers.length === 1)
    const roots = notices.flatMap(({ notice }) =>
      notice.kind === 'signed'
        ? notice.shares.heads.filter((head) => head.group === A && head.size === size)
        : [],
    )
    expect(new Set(roots.map(({ root }) => root.toHex())).size).toBe(1)
    expect(notices.some((one) => one.node === node && one.notice.kind === 'signed')).toBe(true)
  })

  /** A voter whose note says another root for the latest size, and a leader that asks for that size. */
  function contradicted(mutant?: Mutant): { signed: boolean; told: readonly string[] } {
    const { world, notices } = sealedWorld({ voters: 3, f: 1, mutant })
    tell(world, 'x')
    world.run(1000)
    const [follower] = followers(world, A)
    const id = follower?.id ?? (0 as RaftId)
    const { noted } = groupOf(world, id, A)
    world.kill(id)
    const bent = noted.map((head) => ({ ...head, root: sha256(head.root) }))
    const store = world.node(id).disk.openStore()
    store.commit({ groups: [{ group: A, notes: [{ kind: SEAL_NOTE, bytes: encodeSealNote(bent) }] }] })
    world.node(id).disk.kill()
    const before = notices.length
    world.start(id)
    const leader = mustLead(world, A)
    world.act(
      leader.id,
      (host) => void host.transfer(A, [1, 2, 3].find((one) => one !== leader.id && one !== id) as RaftId),
    )
    world.run(5000)
    const later = notices.slice(before).filter((one) => one.node === id)
    const size = noted.at(-1)?.size
    return {
      signed: later.some(
        ({ notice }) =>
          notice.kind === 'signed' &&
          notice.shares.heads.some((head) => head.group === A && head.size === size),
      ),
      told: world.node(id).events.map(({ kind }) => kind),
    }
  }

  it('is never what its note contradicts: it stays silent and says so', () => {
    const { signed, told } = contradicted()
    expect(signed).toBe(false)
    expect(told).toContain('seal-contradiction')
  })

  it('is seen to be wrong when it does not heed its note, and when a start forgets it', () => {
    expect(contradicted('two-roots').signed).toBe(true)
    expect(() => contradicted('forget-notes')).toThrow('note-forgotten')
  })
})

describe('a voter that signs two roots for one size, one of four', () => {
  it('is convicted by its own shares, and there is one certificate for each size', () => {
    const { world, notices, rules } = sealedWorld({ voters: 4, f: 1 })
    const liar = followers(world, A).find(({ id }) => id !== world.leader(B)?.id)?.id ?? (0 as RaftId)
    world.tamper = (from, _to, frame) => (from === liar ? lyingFrame(frame, liar, KEYS, sha256) : frame)
    for (const text of ['one', 'two', 'three']) tell(world, text)
    const evidence = world.up().flatMap(({ host }) => host?.evidence() ?? [])
    expect(evidence.length).toBeGreaterThan(0)
    for (const one of evidence)
      expect(verifyDoubleSigning(one, rules.judge, sha256)).toEqual({ ok: true, value: KEYS.didOf(liar) })
    const sizes = certificatesOf(notices).map(({ head }) => `${head.group} ${head.size} ${head.root.toHex()}`)
    const keys = new Set(sizes.map((key) => key.split(' ').slice(0, 2).join(' ')))
    expect(new Set(sizes).size).toBe(keys.size)
    expect(board(world, mustLead(world, B).id, B).arrived).toEqual(['0:one', '0:two', '0:three'])
  })
})

describe('a voter of another group that signs two roots for one size', () => {
  /** Each batch of A's effects comes twice: with a share of the liar under another root, and with its proof. */
  function forging(frame: Uint8Array, liar: RaftId, signer = liar): Uint8Array {
    const items = decodeFrame(frame)
    if (!items.ok) return frame
    return encodeFrame(
      items.value.flatMap((item): readonly FrameItem[] => {
        const proof = item.kind === 'effects' ? decodeBatchProof(item.batch.proof) : undefined
        if (item.kind !== 'effects' || proof?.ok !== true) return [item]
        const { head } = proof.value.certificate
        const other = { ...head, root: sha256(head.root) }
        const s = KEYS.sign(signer, shareRoot([other], sha256))
        const certificate = { head: other, shares: [{ voter: KEYS.didOf(liar), path: [], s }] }
        const forged = { ...item.batch, proof: encodeBatchProof({ ...proof.value, certificate }) }
        const lie: FrameItem = { ...item, batch: forged }
        return [lie, item]
      }),
    )
  }

  it('is convicted by the certificates that its group shows', () => {
    const { world, rules } = sealedWorld({ voters: 3, f: 1 }) // all sign
    const [toldBy, hearer] = [mustLead(world, A).id, followers(world, A)[0]?.id ?? (0 as RaftId)]
    world.act(mustLead(world, B).id, (host) => void host.transfer(B, hearer))
    world.until(() => world.leader(B)?.id === hearer)
    const liar = [1, 2, 3].find((id) => id !== toldBy && id !== hearer) as RaftId
    world.tamper = (from, to, frame) => (from === toldBy && to === hearer ? forging(frame, liar) : frame)
    tell(world, 'one')
    tell(world, 'two')
    const [evidence] = world.node(hearer).host?.evidence() ?? []
    expect(evidence && verifyDoubleSigning(evidence, rules.judge, sha256)).toEqual({
      ok: true,
      value: KEYS.didOf(liar),
    })
    expect(evidence?.first.head.group).toBe(A)
  })

  it('is not convicted by a signature that is not its own', () => {
    const { world } = sealedWorld({ voters: 3, f: 1 })
    const [toldBy, hearer] = [mustLead(world, A).id, followers(world, A)[0]?.id ?? (0 as RaftId)]
    world.act(mustLead(world, B).id, (host) => void host.transfer(B, hearer))
    world.until(() => world.leader(B)?.id === hearer)
    const framed = [1, 2, 3].find((id) => id !== toldBy && id !== hearer) as RaftId
    world.tamper = (from, to, frame) =>
      from === toldBy && to === hearer ? forging(frame, framed, toldBy) : frame
    tell(world, 'one')
    expect(world.up().flatMap(({ host }) => host?.evidence() ?? [])).toEqual([])
  })
})

describe('a change of voters', () => {
  it('is certified by those before it, both sets while it is joint, and others are told of it', () => {
    const { world, rules } = sealedWorld({ voters: 3, f: 0 })
    tell(world, 'before')
    const four = 4 as RaftId
    const gone = followers(world, A)[0]?.id ?? (0 as RaftId)
    world.join(four, A)
    const swap = plainChange({ kind: 'add-voter', id: four }, { kind: 'remove', id: gone })
    world.act(mustLead(world, A).id, (host) => {
      expect(host.changeMembership(A, swap)).toEqual({ ok: true, value: undefined })
    })
    world.until(() => (world.leader(A)?.host?.voterLinks(A).length ?? 0) === 2)
    tell(world, 'after')
    const host = mustLead(world, A).host
    const genesis = rules.genesisOf(A, 0)
    if (genesis === undefined || host === undefined) throw new Error('there is a leader')
    const chain = extendChainAll(startChain(genesis), host.voterLinks(A), rules)
    if (!chain.ok) throw new Error(chain.error.message)
    const [first, joint, last] = chain.value.configs.map(({ config }) => config)
    expect(first).toEqual(genesis)
    expect(joint?.outgoing).toEqual(genesis.voters)
    expect(new Set(last?.voters)).toEqual(
      new Set([1, 2, 3, 4].filter((id) => id !== gone).map((id) => KEYS.didOf(id as RaftId))),
    )
    const certificate = host.certificate(A)
    expect(certificate && verifyInChain(chain.value, certificate, rules).ok).toBe(true)
    expect(certificate?.head.config).toBe(3)
    for (const { host: other } of world.up()) {
      const known = other?.group(B)?.replica?.sealed?.sources.get(A)
      if (known !== undefined) expect(latestConfig(known)).toEqual(last)
    }
  })

  it('has one certificate in the logs that all keep: the one that an entry recorded, also when another one was heard', () => {
    const logs = new Map([1, 2, 3].map((id) => [id, new MemoryLogs(new Uint8Array(0))]))
    const keepers = new Map([...logs].map(([id, archive]) => [id, new LogKeeper(archive)]))
    const { world, rules } = sealedWorld({
      voters: 3,
      f: 0,
      onLeaf: (node, notice) => notice.group === A && keepers.get(node)?.keep(notice),
      onSeal: (node, notice) => {
        if (notice.kind === 'certificate') keepers.get(node)?.keepCertificate(notice.certificate)
        if (notice.kind === 'change-recorded') keepers.get(node)?.keepChange(notice.certificate)
      },
    })
    const four = 4 as RaftId
    const gone = followers(world, A)[0]?.id ?? (0 as RaftId)
    world.join(four, A)
    const swap = plainChange({ kind: 'add-voter', id: four }, { kind: 'remove', id: gone })
    world.act(mustLead(world, A).id, (host) => void host.changeMembership(A, swap))
    world.until(() => (world.leader(A)?.host?.voterLinks(A).length ?? 0) === 2)
    tell(world, 'after')
    const recorded = mustLead(world, A).host?.voterLinks(A) ?? []
    const genesis = rules.genesisOf(A, 0)
    for (const [id, archive] of logs) {
      if (id === gone) continue
      keepers.get(id)?.flush()
      const log = new StoredLog(archive, machineOfGroup(A), sha256)
      expect(log.links(log.provedSize)).toEqual(recorded)
      expect(genesis && extendChainAll(startChain(genesis), log.links(log.provedSize), rules).ok).toBe(true)
    }
  })

  it('is refused when those who stay could not certify it, or nobody knows the key', () => {
    const { world } = sealedWorld({ voters: 3, f: 1 })
    const [follower] = followers(world, A)
    world.act(mustLead(world, A).id, (host) => {
      const remove = plainChange({ kind: 'remove', id: follower?.id ?? (0 as RaftId) })
      expect(host.changeMembership(A, remove)).toMatchObject({ ok: false, error: { reason: 'conf-invalid' } })
    })
  })
})

describe('a change of voters before whose certificate another is wanted', () => {
  it('is refused where too few would stay to certify the one before, and goes through afterwards', () => {
    const { world } = sealedWorld({ voters: 5, f: 1 })
    tell(world, 'before')
    const leader = mustLead(world, A).id
    const [first, second] = followers(world, A).map(({ id }) => id) as [RaftId, RaftId]
    const remove = (id: RaftId) => {
      let said: unknown
      world.act(leader, (host) => {
        said = host.changeMembership(A, plainChange({ kind: 'remove', id }))
      })
      return said
    }
    const isApplied = () => groupOf(world, leader, A).replica?.membership.voters.includes(first) === false
    const isCertified = () => (world.leader(A)?.host?.voterLinks(A).length ?? 0) === 1
    world.tamper = (_from, _to, frame) => {
      const items = decodeFrame(frame)
      return items.ok ? encodeFrame(items.value.filter(({ kind }) => kind !== 'seal-wanted')) : frame
    }
    expect(remove(first)).toMatchObject({ ok: true })
    world.until(isApplied)
    expect(remove(second)).toMatchObject({ ok: false, error: { reason: 'conf-invalid' } })
    world.tamper = (_from, _to, frame) => frame
    world.until(isCertified)
    expect(remove(second)).toMatchObject({ ok: true })
  })
})

describe('a change of voters that a voter was never asked to sign', () => {
  /** Four voters, all of whom must sign; one of them hears of later sizes alone. How many changes get their certificate. */
  function certifiedChanges(mutant?: Mutant): number {
    const { world } = sealedWorld({ voters: 3, f: 1, mutant })
    tell(world, 'before')
    const leader = mustLead(world, A).id
    const [deaf] = followers(world, A)
    world.tamper = (_from, to, frame) => {
      const items = decodeFrame(frame)
      const sealed = groupOf(world, leader, A).replica?.sealed
      if (to !== deaf?.id || !items.ok || sealed === undefined) return frame
      const open = new Set<number>(openLinks(sealed).flatMap(({ head }) => head?.size ?? []))
      return encodeFrame(items.value.filter((item) => item.kind !== 'seal-wanted' || !open.has(item.size)))
    }
    const four = 4 as RaftId
    world.join(four, A)
    world.act(leader, (host) => void host.changeMembership(A, plainChange({ kind: 'add-voter', id: four })))
    world.until(() => groupOf(world, leader, A).replica?.membership.voters.length === 4)
    propose(world, leader, { kind: 'tell', target: B, text: 'after' }, { group: A })
    world.run(8000)
    return world.leader(A)?.host?.voterLinks(A).length ?? 0
  }

  it('is signed with the next size that it signs: afterwards it never could be', () => {
    expect(certifiedChanges()).toBe(1)
    expect(certifiedChanges('change-skipped')).toBe(0)
  })
})

describe('a tree', () => {
  it('is the same after a restart, and on a follower that took a snapshot', () => {
    const { world } = sealedWorld({ voters: 3, f: 0, groups: 2 })
    tell(world, 'early')
    const [follower] = followers(world, A)
    const id = follower?.id ?? (0 as RaftId)
    world.kill(id)
    add(world, 120, 0, A)
    tell(world, 'late')
    world.start(id)
    world.until(
      () =>
        groupOf(world, id, A).replica?.applied === groupOf(world, mustLead(world, A).id, A).replica?.applied,
    )
    world.run(500)
    expect(groupOf(world, id, A).checkpoint?.kind).toBe('snapshot')
    const logs = [1, 2, 3].map((node) => groupOf(world, node, A).replica?.sealed)
    const [one, two, three] = logs.map((log) => log && encodeSealedLog(log).toHex())
    expect(two).toBe(one)
    expect(three).toBe(one)
    expect(new Set(logs.map((log) => log?.tree.root().toHex())).size).toBe(1)
    tell(world, 'and goes on')
  })
})

describe('an item that is closing', () => {
  it('gets one certificate, the same on every replica, from which anybody can check it', () => {
    const told = new Map<number, CertifiedItem[]>()
    const machine: StateMachine<Board, BoardWrite> = {
      ...boardMachine,
      step: (view, command, at) => ({ ...boardMachine.step(view, command, at), closing: true }),
      certified(_view, item) {
        told.set(item.position, [...(told.get(item.position) ?? []), item])
        return { writes: [], verdict: { kind: 'applied', result: new Uint8Array(0) }, effects: [] }
      },
    }
    const { world, rules } = sealedWorld({ voters: 4, f: 1, machine, certificationOf: certified(4, 1) })
    const commands = ['a', 'b', 'c'].map((cell) => ({ kind: 'put', cell, value: 'v' }) as const)
    for (const command of commands) propose(world, mustLead(world, A).id, command, { group: A })
    world.until(() => [...told.values()].flat().length === 3 * 4)
    const genesis = rules.genesisOf(A, 0)
    if (genesis === undefined) throw new Error('genesis has the group')
    for (const [n, [position, items]] of [...told].entries()) {
      const [first] = items
      if (first === undefined) throw new Error('it was told')
      for (const item of items) expect(item).toEqual(first)
      const certificate = decodeCertificate(first.certificate)
      if (!certificate.ok) throw new Error(certificate.error.message)
      expect(certificate.value.shares).toHaveLength(3)
      const { leaf, path } = first
      const proven = { certificate: certificate.value, leaf, path, index: position }
      const verified = verifyLeaf(startChain(genesis), proven, rules)
      if (!verified.ok) throw new Error(verified.error.message)
      const command = commands[n]
      expect(command && isItem(verified.value, commandItem(encodeBoardCommand(command)), sha256)).toBe(true)
    }
    world.run(2000)
    expect([...told.values()].flat()).toHaveLength(12)
  })
})
