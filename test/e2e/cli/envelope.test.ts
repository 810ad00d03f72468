import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { demoNeed, demoPatch, flipByte } from '../../../scripts/demo/material.ts'
import { canswarm, scratch } from '../../setup/canswarm.ts'

const place = scratch()
const requester = join(place.path, 'requester')
const worker = join(place.path, 'worker')
const need = file('need.json', demoNeed(Buffer.from('some text')))
const patch = file('patch.json', demoPatch('w'))
let thread = ''

function file(name: string, text: string): string {
  const path = join(place.path, name)
  writeFileSync(path, text)
  return path
}

async function sign(home: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await canswarm(['envelope', 'sign', ...args], { home })
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

beforeAll(async () => {
  await canswarm(['init', '--dev'], { home: requester })
  await canswarm(['init', '--network', join(requester, 'genesis.json')], { home: worker })
  thread = file('thread.jsonl', await sign(requester, ['--kind', 'NEED', '--payload', need]))
})

describe('canswarm init', () => {
  it('makes homes of one network, whose CID both name', async () => {
    const verify = (home: string) => canswarm(['envelope', 'verify', thread, '--json'], { home })
    const [own, other] = [await verify(requester), await verify(worker)]
    expect([own.code, other.code]).toEqual([0, 0])
    expect(JSON.parse(own.stdout)).toEqual(JSON.parse(other.stdout))
  })

  it('leaves a home that is there as it is', async () => {
    const before = readFileSync(join(requester, 'genesis.json'), 'utf8')
    const { code, stderr } = await canswarm(['init', '--dev', '--json'], { home: requester })
    expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'home-exists'])
    expect(readFileSync(join(requester, 'genesis.json'), 'utf8')).toBe(before)
  })

  it('refuses a genesis that is none, and makes nothing', async () => {
    const home = join(place.path, 'nowhere')
    const { code } = await canswarm(['init', '--network', need], { home })
    expect(code).toBe(4)
    expect((await canswarm(['keys', 'show', '--json'], { home })).stdout).toContain('"keys":[]')
  })

  it('says that nobody answers at the address of a network that it is to join, and makes nothing', async () => {
    const home = join(place.path, 'nowhere')
    const { code, stderr } = await canswarm(['init', '--join', '127.0.0.1:1', '--json'], { home })
    expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'peer-unreachable'])
    expect(existsSync(home)).toBe(false)
  })

  it('founds no network where it is to join one', async () => {
    const { code } = await canswarm(['init', '--join', '127.0.0.1:1', '--dev'], { home: '/nonexistent' })
    expect(code).toBe(2)
  })
})

describe('canswarm envelope', () => {
  it('signs an answer that the other side accepts as the next in the thread', async () => {
    const answer = await sign(worker, ['--kind', 'UPDATE_PLAN', '--payload', patch, '--after', thread])
    const both = file('both.jsonl', readFileSync(thread, 'utf8') + answer)
    const { code, stdout } = await canswarm(['envelope', 'verify', both, '--json'], { home: requester })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      accepted: 2,
      refused: 0,
      network_checked: true,
      envelopes: [
        { kind: 'NEED', seq: 1, lamport: 1, state: 'accepted' },
        { kind: 'UPDATE_PLAN', seq: 1, lamport: 2, state: 'accepted' },
      ],
      threads: [{ accepted: 2, held: 0, heads: 1 }],
    })
  })

  it('holds back what comes before what it names', async () => {
    const home = join(place.path, 'early')
    await canswarm(['init', '--network', join(requester, 'genesis.json')], { home })
    const answer = await sign(home, ['--kind', 'UPDATE_PLAN', '--payload', patch, '--after', thread])
    const { code, stdout } = await canswarm(['envelope', 'verify', file('answer.jsonl', answer), '--json'], {
      home,
    })
    expect([code, JSON.parse(stdout).envelopes[0].state]).toEqual([0, 'held'])
  })

  it('signs many at once under one root, on the wire as a batch that verifies as well', async () => {
    const home = join(place.path, 'many')
    await canswarm(['init', '--network', join(requester, 'genesis.json')], { home })
    const wishes = Array.from({ length: 5 }, (_, index) => ({
      kind: 'UPDATE_PLAN',
      payload: JSON.parse(demoPatch(`n${index}`)),
    }))
    const list = file('list.jsonl', wishes.map((wish) => `${JSON.stringify(wish)}\n`).join(''))
    const wire = join(place.path, 'batch.cbor')
    await sign(home, ['--list', list, '--after', thread, '--wire', wire])
    const shown = await canswarm(['envelope', 'show', wire, '--json'])
    const rows = shown.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(new Set(rows.map(({ root }) => root)).size).toBe(1)
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
    const { code, stdout } = await canswarm(['envelope', 'verify', thread, wire, '--json'], { home })
    expect([code, JSON.parse(stdout).accepted]).toEqual([0, 6])
  })

  it('refuses a changed byte with exit code 4 and says why', async () => {
    const forged = file('forged.jsonl', flipByte(readFileSync(thread, 'utf8').trimEnd()))
    const { code, stdout } = await canswarm(['envelope', 'verify', forged], { home: requester })
    expect([code, stdout]).toEqual([4, expect.stringContaining('REFUSED BAD_SIGNATURE')])
  })

  it('does not call a network checked that only the file names (exit code 6), unless the file is trusted', async () => {
    const alone = await canswarm(['envelope', 'verify', thread, '--json'], { home: '/nonexistent' })
    expect([alone.code, JSON.parse(alone.stdout).network_checked]).toEqual([6, false])
    const trusted = await canswarm(['envelope', 'verify', thread, '--trust-file'], { home: '/nonexistent' })
    expect(trusted.code).toBe(0)
  })

  it('refuses envelopes of another network', async () => {
    const home = join(place.path, 'stranger')
    await canswarm(['init', '--dev'], { home })
    const { code, stdout } = await canswarm(['envelope', 'verify', thread, '--json'], { home })
    expect([code, JSON.parse(stdout).envelopes[0].rejection.code]).toEqual([4, 'WRONG_NETWORK'])
  })

  it('never signs a second envelope with a seq that this home has used', async () => {
    const again = ['envelope', 'sign', '--kind', 'NEED', '--payload', need, '--json']
    const { code, stdout, stderr } = await canswarm(again, { home: requester })
    expect([code, stdout, JSON.parse(stderr).error.code]).toEqual([4, '', 'seq-used'])
  })

  it('names the field of a payload that is not right, and signs nothing', async () => {
    const bad = file(
      'bad.json',
      demoNeed(Buffer.from('x')).replace('"1000000"', '"1e6"').replace('"demo"', '"other"'),
    )
    const { code, stdout, stderr } = await canswarm(
      ['envelope', 'sign', '--kind', 'NEED', '--payload', bad, '--json'],
      {
        home: requester,
      },
    )
    expect([code, stdout, JSON.parse(stderr).error]).toMatchObject([
      4,
      '',
      { code: 'MALFORMED', field: 'payload.budget' },
    ])
  })

  it('reads from standard input', async () => {
    const stdin = readFileSync(thread)
    const { code, stdout } = await canswarm(['envelope', 'verify', '-', '--json'], { home: requester, stdin })
    expect([code, JSON.parse(stdout).accepted]).toEqual([0, 1])
  })
})

describe('canswarm journal', () => {
  it('keeps what was signed, shows it by thread, and verifies', async () => {
    const shown = await canswarm(['journal', 'show', '--kind', 'envelope.out', '--json'], { home: requester })
    const [line] = shown.stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text))
    const { envelopes } = JSON.parse(
      (await canswarm(['envelope', 'verify', thread, '--json'], { home: requester })).stdout,
    )
    expect(line).toMatchObject({ kind: 'envelope.out', data: { id: envelopes[0].id } })
    const byThread = await canswarm(['journal', 'show', '--thread', line.thread, '--json'], {
      home: requester,
    })
    expect(byThread.stdout.trimEnd().split('\n')).toHaveLength(1)
    const { code, stdout } = await canswarm(['journal', 'verify', '--json'], { home: requester })
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { lines: 3, seals: 1, unsealedLines: 0 }])
  })

  it('names the line that somebody changed, with exit code 6', async () => {
    const home = join(place.path, 'tampered')
    await canswarm(['init', '--dev'], { home })
    await sign(home, ['--kind', 'NEED', '--payload', need])
    const segment = join(home, 'journal', '00000001.jsonl')
    const text = readFileSync(segment, 'utf8')
    writeFileSync(segment, text.replace('"sig":"o', '"sig":"p'))
    const { code, stdout } = await canswarm(['journal', 'verify', '--json'], { home })
    expect([code, JSON.parse(stdout)]).toMatchObject([6, { lines: 1, firstFault: { segment: 1, line: 2 } }])
  })

  it('finds that its end was cut off when it is told a head that it must hold', async () => {
    const { head } = JSON.parse((await canswarm(['journal', 'verify', '--json'], { home: requester })).stdout)
    const held = await canswarm(['journal', 'verify', '--head', `${head.n}:${head.chain}`], {
      home: requester,
    })
    const missing = await canswarm(['journal', 'verify', '--head', `${head.n + 1}:${head.chain}`, '--json'], {
      home: requester,
    })
    expect([held.code, missing.code]).toEqual([0, 6])
    expect(JSON.parse(missing.stdout).firstFault.reason).toBe('head-missing')
  })

  it('cuts off what a crash left half written when the node next writes, and keeps it beside', async () => {
    const home = join(place.path, 'torn')
    await canswarm(['init', '--dev'], { home })
    await sign(home, ['--kind', 'NEED', '--payload', need])
    const segment = join(home, 'journal', '00000001.jsonl')
    writeFileSync(segment, readFileSync(segment).subarray(0, -30))
    const other = file('other.json', demoNeed(Buffer.from('x')).replace('"demo"', '"another"'))
    await sign(home, ['--kind', 'NEED', '--payload', other])
    const { stdout } = await canswarm(['journal', 'show', '--kind', 'recovered', '--json'], { home })
    const { data } = JSON.parse(stdout)
    expect(readFileSync(join(home, 'journal', data.file)).length).toBe(data.bytes)
    expect((await canswarm(['journal', 'verify'], { home })).code).toBe(0)
  })
})
