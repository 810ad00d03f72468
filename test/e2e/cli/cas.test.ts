import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseContentCid } from '../../../src/codec/cid.ts'
import { canswarm, scratch } from '../../setup/canswarm.ts'
import { damage, noiseBytes } from '../../setup/content-nodes.ts'

async function json(args: readonly string[], home: string): Promise<Record<string, unknown>> {
  return JSON.parse((await canswarm(['cas', ...args, '--json'], { home })).stdout)
}

describe('canswarm cas', () => {
  it('keeps a file under the CID that it has, gives it back, and lists it with its pin', async () => {
    using home = scratch()
    const [file, out] = [join(home.path, 'in'), join(home.path, 'out')]
    writeFileSync(file, noiseBytes(1_200_000, 1))
    const hashed = (await canswarm(['cas', 'hash', file])).stdout
    const put = await canswarm(['cas', 'put', file], { home: home.path })
    expect([put.code, put.stdout]).toEqual([0, hashed])
    const cid = put.stdout.trim()
    expect(cid).toMatch(/^bafybei/)
    expect((await canswarm(['cas', 'get', cid, '--out', out], { home: home.path })).code).toBe(0)
    expect(Buffer.compare(readFileSync(out), readFileSync(file))).toBe(0)
    expect((await canswarm(['cas', 'get', cid, '--out', out], { home: home.path })).code).toBe(2)
    expect(await json(['ls'], home.path)).toMatchObject({
      contents: [{ cid, size: 1_200_000, owners: ['own'] }],
    })
  })

  it('collects what is not pinned, and nothing else', async () => {
    using home = scratch()
    const put = async (text: string): Promise<string> =>
      (await canswarm(['cas', 'put', '-'], { home: home.path, stdin: text })).stdout.trim()
    const [kept, loose] = [await put('kept'), await put('let go')]
    await canswarm(['cas', 'unpin', loose], { home: home.path })
    expect(await json(['gc', '--keep', 'recent', '--days', '0'], home.path)).toMatchObject({
      contents: 1,
      bytes: 6,
    })
    expect(await json(['exists', kept], home.path)).toMatchObject({ exists: true })
    expect((await canswarm(['cas', 'exists', loose], { home: home.path })).code).toBe(1)
    expect((await canswarm(['cas', 'pin', loose], { home: home.path })).code).toBe(4)
    expect((await canswarm(['cas', 'get', loose], { home: home.path })).stderr).toContain('content-not-found')
  })

  it('finds a damaged block, and says so', async () => {
    using home = scratch()
    const { stdout } = await canswarm(['cas', 'put', '-'], { home: home.path, stdin: 'some content' })
    expect((await canswarm(['cas', 'verify'], { home: home.path })).code).toBe(0)
    const cid = parseContentCid(stdout.trim())
    if (cid.ok) damage(join(home.path, 'blocks'), cid.value)
    const verified = await canswarm(['cas', 'verify', '--json'], { home: home.path })
    expect([verified.code, JSON.parse(verified.stdout).incomplete]).toEqual([6, [stdout.trim()]])
  })

  it('refuses what is no CID, and a home that is not there', async () => {
    using home = scratch()
    expect((await canswarm(['cas', 'get', 'nonsense'], { home: home.path })).code).toBe(4)
    expect((await canswarm(['cas', 'ls'], { home: join(home.path, 'none') })).stderr).toContain(
      'home-missing',
    )
  })
})
