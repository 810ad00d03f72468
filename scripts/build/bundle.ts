import { dirname, join, relative, sep } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'

/** They load files of their own package from where they stand. */
const LEFT_OUTSIDE = [/^better-sqlite3$/u, /^@automerge\//u, /^pino$/u]

/**
 * Writes the program and the libraries that it loads into `folder`, a few files in place of some 1,700, `canswarm.mjs` first.
 * Workers, modules of WebAssembly and other files that the program reads are not copied: it finds them where the sources
 * are, by their way from `folder`. Returns the size of all files, bytes.
 */
export async function bundle(root: string, folder: string): Promise<number> {
  const input = { canswarm: join(root, 'src', 'cli', 'main.ts') }
  const plugins = [sourcePlaces(join(root, 'src'), folder)]
  const built = await rolldown({ input, platform: 'node', external: LEFT_OUTSIDE, plugins })
  try {
    const names = { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' }
    const { output } = await built.write({ dir: folder, format: 'esm', ...names })
    return output.reduce((size, file) => size + (file.type === 'chunk' ? file.code.length : 0), 0)
  } finally {
    await built.close()
  }
}

/** In a bundle `import.meta` is the bundle's: each source is told its own place instead. */
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
        return code.replaceAll(/import\.meta\.(\w+)/gu, (_, name) => {
          if (name === 'url') return `${url(id)}.href`
          if (name === 'dirname') return `decodeURIComponent(${url(dirname(id))}.pathname)`
          throw new Error(`${id}: a bundle does not know import.meta.${name}`)
        })
      },
    },
  }
}
