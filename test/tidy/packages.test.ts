import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pins } from '../../scripts/gates/pins.ts'
import { licences } from '../../scripts/licences.ts'
import { BYTES_MAX, sizeBudget } from '../../scripts/size-budget.ts'
import { expectProblems, runOnPlanted } from './planted-tree.ts'

describe('the pins gate', () => {
  it('finds loose versions, hosts, missing hashes, disagreement and missing platforms', async () => {
    expectProblems(await runOnPlanted(pins, 'pins'), {
      'package.json': [/caret is not pinned/u, /tag is not pinned/u, /outside is not pinned/u],
      'package-lock.json': [
        /node_modules\/outside names where it came from/u,
        /node_modules\/caret names where it came from/u,
        /node_modules\/moved has no integrity/u,
        /node_modules\/tag has no version/u,
        /moved is 1.0.0, package.json says 2.0.0/u,
        /fine-win32-x64, optional, is missing/u,
      ],
    })
  })

  it('fails without a lock file', async () => {
    await expect(runOnPlanted(pins, 'nothing')).rejects.toThrow('ENOENT')
  })
})

describe('the size budget', () => {
  it('finds banned names at any depth, development and the runtime left out', async () => {
    expectProblems(await runOnPlanted(sizeBudget, 'size-budget'), {
      'package-lock.json': [/react-native-thing is banned/u, /@roamhq\/webrtc is banned/u],
    })
  })

  it('finds an install that has outgrown its bytes, and names the largest', async () => {
    const problems = await runOnPlanted(sizeBudget, 'size-budget', {
      prepare: (root) => truncateSync(join(root, 'node_modules/small/package.json'), BYTES_MAX),
    })
    const told = `bytes, ${BYTES_MAX} allowed; largest: small ${BYTES_MAX}, `
    expect(problems.map(({ message }) => message)).toContainEqual(expect.stringContaining(told))
  })

  it('fails when a dependency is not installed', async () => {
    const prepare = (root: string): void => rmSync(join(root, 'node_modules/small'), { recursive: true })
    await expect(runOnPlanted(sizeBudget, 'size-budget', { prepare })).rejects.toThrow(
      'not installed: node_modules/small',
    )
  })
})

describe('the licences gate', () => {
  it('finds what is under no lawful licence; one side of an OR is enough, both of an AND are needed', async () => {
    expectProblems(await runOnPlanted(licences, 'licences'), {
      'node_modules/gpl/package.json': [/is under GPL-3.0-only/u],
      'node_modules/none/package.json': [/names no licence/u],
      'node_modules/both/package.json': [/is under MIT AND CC-BY-NC-4.0/u],
    })
  })

  it('fails when nothing is installed', async () => {
    await expect(runOnPlanted(licences, 'pins')).rejects.toThrow('no production dependency')
  })
})
