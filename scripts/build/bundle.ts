import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'

/** They load files of their own package from where they stand. */
const LEFT_OUTSIDE = [/^better-sqlite3$/u, /^@automerge\//u, /^pino$/u]
/** How a source names the module of a worker thread. */
const WORKER = /new URL\('(\.\/[\w-]+)\.ts', import\.meta\.url\)/gu

/**
 * Writes the program, its worker threads and the libraries that they load into `folder`, a few files in place of some 1,700;
 * `canswarm.mjs` is the program's first. Modules of WebAssembly and other files that the program reads are not copied: it
 * finds them where the sources are, by their way from `folder`. Returns the size of all files, bytes.
 */
export async function bundle(root: string, folder: string): Promise<number> {
  const sources = join(root, 'src')
  const workers = workersOf(sources)
  const input = Object.fromEntries([
    ['canswarm', join(sources, 'cli', 'main.ts')],
    ...workers.map((path) => [basename(path, '.ts'), path]),
  ])
  if (Object.keys(input).length <= workers.length) throw new Error('two worker modules have one name')
  const plugins = [sourcePlaces(sources, folder)]
  const built = await rolldown({ input, platform: 'node', external: LEFT_OUTSIDE, plugins })
  try {
    const names = { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' }
    const { output } = await built.write({ dir: folder, format: 'esm', ...names })
    return output.reduce((size, file) => size + (file.type === 'chunk' ? file.code.length : 0), 0)
  } finally {
    await built.close()
  }
}

function workersOf(sources: string): readonly string[] {
  const named = globSync('**/*.ts', { cwd: sources }).flatMap((path) => {
    const workers = readFileSync(join(sources, path), 'utf8').matchAll(WORKER)
    return [...workers].map(([, worker]) => join(sources, dirname(path), `${worker}.ts`))
  })
  return [...new Set(named)]
}

/** In a bundle `import.meta` is the bundle's: each source is told its own place, and where its worker is, instead. */
function sourcePlaces(sources: string, folder: string): Plugin {
  return {
    name: 'source-places',
    transform: {
      filter: { code: 'import.meta.' },
      handler(code, id) {
        if (!id.startsWith(`${sources}${sep}`)) return undefined
        const url = (path: string): string => {
          const way = relative(folder, path).split(sep).map(encodeURIComponent).join('/')
          return `new URL(${JSON.stringify(way)}, import.meta.url)`
        }
        const place = (_: string, name: string): string => {
          if (name === 'url') return `${url(id)}.href`
          if (name === 'dirname') return `decodeURIComponent(${url(dirname(id))}.pathname)`
          // A package is found from the bundle as from the sources: both are in the same tree.
          if (name === 'resolve') return 'import.meta.resolve'
          throw new Error(`${id}: a bundle does not know import.meta.${name}`)
        }
        // Every place but those of workers, which stand beside the bundle of who starts them.
        const parts = code
          .split(WORKER)
          .map((part, at) =>
            at % 2 === 0
              ? part.replaceAll(/import\.meta\.(\w+)/gu, place)
              : `new URL('${part}.mjs', import.meta.url)`,
          )
        return parts.join('')
      },
    },
  }
}
