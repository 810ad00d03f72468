import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { LogFiles } from '../../../src/adapters/log-files/log-files.ts'
import { storeNetwork } from '../../../src/sim/record/store-network.ts'
import { canswarm } from '../../setup/canswarm.ts'
import { Theatre } from '../../setup/theatre.ts'

let dir: string
let thread: string
let network: string
const at = (name: string) => join(dir, name)

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'canswarm-record-'))
  const theatre = new Theatre()
  const spoken = theatre.post('one')
  theatre.play()
  thread = spoken.thread
  network = theatre.stage.genesis.net.toString()
  for (const name of ['logs', 'empty']) {
    const files = LogFiles.create(at(name), theatre.stage.genesisBytes, nodeCrypto.sha256)
    if (name === 'logs') storeNetwork(theatre.stage.network, true, files)
    files.close()
  }
})
afterAll(() => rmSync(dir, { recursive: true }))

describe('export, replay, import thread, thread show', () => {
  it('write both forms, replay them, and find a changed byte with exit code 6', async () => {
    for (const form of ['car', 'jsonl']) {
      const out = at(`thread.${form}`)
      const written = await canswarm(['export', thread, '--from', at('logs'), `--${form}`, '--out', out])
      expect(written).toMatchObject({ code: 0 })
      const replayed = await canswarm(['replay', out, '--network', network, '--json'])
      expect(replayed.code).toBe(0)
      expect(JSON.parse(replayed.stdout)).toMatchObject({ sound: true, network_checked: true, thread })
      const bytes = readFileSync(out)
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1
      writeFileSync(at('bad'), bytes)
      const bad = await canswarm(['replay', at('bad'), '--network', network])
      expect(bad.code).toBe(6)
      expect(bad.stdout).toMatch(/first divergence +(block|line) [0-9]+ \(byte [0-9]+\)/)
    }
  }, 180_000)

  it('end in exit code 6 where nobody names the network, and say so', async () => {
    const out = at('untrusted.car')
    await canswarm(['export', thread, '--from', at('logs'), '--out', out])
    const unnamed = await canswarm(['replay', out])
    expect(unnamed).toMatchObject({ code: 6 })
    expect(unnamed.stderr).toContain('network not checked')
    expect(await canswarm(['replay', out, '--trust-file'])).toMatchObject({ code: 0 })
  }, 180_000)

  it('keep what was imported, give it back byte for byte, and tell it as a timeline', async () => {
    const out = at('first.car')
    await canswarm(['export', thread, '--from', at('logs'), '--jsonl', '--out', at('first.jsonl')])
    await canswarm(['export', thread, '--from', at('logs'), '--out', out])
    const imported = await canswarm(['import', 'thread', at('first.jsonl'), '--into', at('empty')])
    expect(imported).toMatchObject({ code: 0 })
    await canswarm(['export', thread, '--from', at('empty'), '--out', at('again.car')])
    expect(readFileSync(at('again.car'))).toEqual(readFileSync(out))
    const shown = await canswarm(['thread', 'show', out])
    expect(shown.stdout).toMatch(/bucket [0-9]+ +paid/)
  }, 180_000)

  it('refuse a thread that is not there (4), a file that is not there (2), and name content by CID when asked', async () => {
    const other = 'a'.repeat(32)
    expect(await canswarm(['export', other, '--from', at('logs')])).toMatchObject({ code: 4 })
    expect(await canswarm(['replay', at('nothing')])).toMatchObject({ code: 2 })
    const out = at('linked.jsonl')
    await canswarm(['export', thread, '--from', at('logs'), '--jsonl', '--no-artifacts', '--out', out])
    expect(readFileSync(out, 'utf8')).toContain('"content":"linked"')
  }, 180_000)
})
