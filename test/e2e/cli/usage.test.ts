import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { canswarm, scratch } from '../../setup/canswarm.ts'

describe('the command line', () => {
  it('exits 2 on an unknown command and says where to look', async () => {
    const { code, stdout, stderr } = await canswarm(['nonsense'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain("unknown command 'nonsense'")
    expect(stderr).toContain('canswarm --help')
  })

  it('exits 2 on an unknown option, a missing argument and a bad choice', async () => {
    for (const args of [
      ['version', '--nope'],
      ['did', 'resolve'],
      ['completion', 'tcsh'],
    ]) {
      expect((await canswarm(args)).code, args.join(' ')).toBe(2)
    }
  })

  it('says usage errors as JSON where JSON was asked for', async () => {
    const { code, stderr } = await canswarm(['version', '--nope', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'usage', message: expect.stringContaining('--nope') },
    })
  })

  it('suggests the command that was meant', async () => {
    expect((await canswarm(['versoin'])).stderr).toContain('version')
  })

  it('prints versions as text and as JSON with its schema first', async () => {
    expect((await canswarm(['version'])).stdout).toMatch(/^version +\d+\.\d+\.\d+$/m)
    const { stdout } = await canswarm(['version', '--json'])
    const shown = JSON.parse(stdout)
    expect(Object.entries(shown)[0]).toEqual(['schema', 'canswarm.version/1'])
    expect(shown).toMatchObject({
      signature_rule: 'zip215/1',
      raft_engine: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('has no colours without a terminal', async () => {
    const { stderr } = await canswarm(['keys', 'show', 'x'], { home: '/nonexistent' })
    expect(stderr).not.toContain('\u001b[')
  })

  it('writes a completion script for each shell, and completes commands', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      expect((await canswarm(['completion', shell])).stdout, shell).toContain('canswarm')
    }
    expect((await canswarm(['complete', '--', 'env'])).stdout).toContain('envelope')
    expect((await canswarm(['complete', '--', 'journal', ''])).stdout).toContain('verify')
  })
})

describe('settings', () => {
  it('flags beat variables beat the file beat defaults (operations.md, CLI)', async () => {
    using home = scratch()
    writeFileSync(join(home.path, 'config.toml'), 'key = "filed"\n[journal]\nflush_ms = 500\n')
    const { stdout } = await canswarm(['config', 'show', '--json'], {
      home: home.path,
      env: { CANSWARM_JOURNAL_FLUSH_MS: '250' },
    })
    const settings = JSON.parse(stdout).settings as { key: string; value: unknown; origin: string }[]
    const found = Object.fromEntries(settings.map(({ key, value, origin }) => [key, [value, origin]]))
    expect(found).toMatchObject({
      key: ['filed', 'file'],
      'journal.flush_ms': [250, 'variable'],
      'journal.segment_bytes': [16_777_216, 'default'],
    })
  })

  it.each([
    ['journal.flush_ms', '[journal]\nflush_ms = 5\n'],
    ['unknown setting: jurnal.flush_ms', '[jurnal]\nflush_ms = 50\n'],
    ['not valid TOML', 'key = '],
  ])('a bad file is refused and the place named: %s', async (words, text) => {
    using home = scratch()
    writeFileSync(join(home.path, 'config.toml'), text)
    const { code, stderr } = await canswarm(['config', 'show'], { home: home.path })
    expect(code).toBe(2)
    expect(stderr).toContain(words)
  })
})
