import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { container } from '../../scripts/gates/container.ts'
import { documents } from '../../scripts/gates/documents.ts'
import { fileSize } from '../../scripts/gates/file-size.ts'
import { words } from '../../scripts/gates/words.ts'
import { expectProblems, runOnPlanted } from './planted-tree.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the words gate', () => {
  it('finds registry hosts, paths of one machine and words about how the work is organised', async () => {
    vi.stubEnv('GOPROXY', 'https://mirror.example.net/go,direct')
    expectProblems(await runOnPlanted(words, 'words'), {
      'src/services/leaky.ts': [
        /line 1: "registry\.example\.org"/u,
        /line 1: "issue\s12"/u,
        /line 2: "\/tmp\/s"/u,
        /line 2: "\/work\/t"/u,
        /line 2: "\/root\/."/u,
      ],
      'docs/mirror.md': [/line 1: "mirror.example.net"/u],
    })
  })

  it('fails when it read no file', async () => {
    await expect(runOnPlanted(words, 'nothing', { shared: [] })).rejects.toThrow('no file')
  })
})

describe('the documents gate', () => {
  it('finds dead links, missing paths and scripts, broken decisions, unlisted pages and what is stale', async () => {
    expectProblems(await runOnPlanted(documents, 'documents'), {
      'README.md': [
        /links to docs\/gone.md/u,
        /links to docs\/README.md#nowhere: no such heading/u,
        /"npm run nothing"/u,
        /names src\/gone.ts/u,
      ],
      'docs/adr/0003-headless.md': [
        /does not open with "# 3. Title"/u,
        /has no "## Decision"/u,
        /breaks the row/u,
      ],
      'docs/lost.md': [/is not linked/u],
      'docs/development.md': [/is not linked/u, /import table/u],
      'docs/cli.md': [/is not linked/u, /not what the code says/u],
    })
  })

  it('fails when it read no document', async () => {
    await expect(runOnPlanted(documents, 'nothing')).rejects.toThrow('no document')
  })
})

describe('the container gate', () => {
  it('finds unpinned bases, missing sources, root, a shell before the process and no health check', async () => {
    expectProblems(await runOnPlanted(container, 'container'), {
      Dockerfile: [
        /FROM node:latest is not pinned/u,
        /FROM debian:stable-slim is not pinned/u,
        /copies gone.json/u,
        /copies missing-folder/u,
        /runs as root/u,
        /no ENTRYPOINT as a list/u,
        /no HEALTHCHECK/u,
      ],
    })
  })

  it('fails without a Dockerfile', async () => {
    await expect(runOnPlanted(container, 'nothing')).rejects.toThrow('ENOENT')
  })
})

describe('the file-size gate', () => {
  it('finds a new long file, a listed one that grew, and a list that could shrink', async () => {
    const problems = await runOnPlanted(fileSize, 'file-size', {
      prepare(root) {
        writeLines(root, 'new.ts', 401)
        writeLines(root, 'grown.ts', 451)
        writeLines(root, 'shrunk.ts', 450)
        writeLines(root, 'short.ts', 400)
        writeLines(root, 'fine.ts', 400)
        writeLines(root, 'fine.test.ts', 600, 'test')
        writeLines(root, 'long.test.ts', 601, 'test')
      },
    })
    expectProblems(problems, {
      'src/services/new.ts': [/401 lines, 400 allowed/u],
      'test/long.test.ts': [/601 lines, 600 allowed/u],
      'src/services/grown.ts': [/451 lines, it had 450/u],
      'config/dev/long-files.json': [
        /gone.ts is gone/u,
        /short.ts has 400/u,
        /shrunk.ts has 450 lines: lower/u,
      ],
    })
  })
})

function writeLines(root: string, name: string, lines: number, folder = 'src/services'): void {
  mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, folder, name), '// line\n'.repeat(lines))
}
