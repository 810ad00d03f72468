/**
 * Which folder may import which: the table that scripts/imports.ts enforces and docs/development.md prints.
 * A folder is judged by the longest row that holds it, and may always import itself.
 */
export interface ImportRow {
  readonly folder: string
  /** Folders whose values and types may be imported. */
  readonly from: readonly string[]
  /** Folders of which types alone may be imported (`import type`, `export type`). */
  readonly typesFrom: readonly string[]
  /** Packages; `*` for any. */
  readonly packages: readonly string[]
  /** Node's own modules. */
  readonly node: boolean
}

const PURE_PORTS = ['src/ports']

/** Folders of a fence: below `src/adapters/` each folder is one, and never imports its sisters. */
export const APART = 'src/adapters/'

/** Each folder below this one may import its sisters only when its `imports.txt` names them. */
export const SIBLINGS_BY_LINE = 'src/core/'

export const IMPORT_TABLE: readonly ImportRow[] = [
  row('src/model', []),
  row('src/ports', ['src/model'], { packages: ['multiformats'] }),
  row('src/codec', ['src/model'], {
    typesFrom: PURE_PORTS,
    packages: ['zod', 'multiformats'],
  }),
  row('src/core', ['src/codec', 'src/model'], { typesFrom: PURE_PORTS }),
  row('src/services', ['src/core', 'src/codec', 'src/ports', 'src/model']),
  adapter('crypto', ['@noble/ed25519', '@noble/curves', '@noble/ciphers', '@noble/hashes']),
  adapter('keystore', ['@noble/ciphers', '@noble/hashes']),
  adapter('journal-files', []),
  adapter('log-files', []),
  adapter('home-lock', []),
  adapter('etcd-raft', []),
  adapter('tcp', []),
  adapter('libp2p', [
    'libp2p',
    '@libp2p/autonat',
    '@libp2p/circuit-relay-v2',
    '@libp2p/crypto',
    '@libp2p/dcutr',
    '@libp2p/gossipsub',
    '@libp2p/identify',
    '@libp2p/interface',
    '@libp2p/kad-dht',
    '@libp2p/mdns',
    '@libp2p/noise',
    '@libp2p/peer-id',
    '@libp2p/ping',
    '@libp2p/tcp',
    '@libp2p/yamux',
    '@multiformats/multiaddr',
    'interface-datastore',
  ]),
  adapter('opa-wasm', []),
  adapter('wasm', []),
  adapter('exec', []),
  adapter('helia', ['helia', '@helia/bitswap', '@helia/unixfs', 'libp2p', 'better-sqlite3']),
  adapter('automerge', ['@automerge/automerge']),
  adapter('sqlite', ['better-sqlite3']),
  adapter('pino', ['pino']),
  adapter('system', []),
  row('src/verbs', ['src/services', 'src/core', 'src/ports', 'src/codec', 'src/model'], {
    packages: ['zod'],
  }),
  row('src/api', ['src/verbs', 'src/codec', 'src/ports', 'src/model'], {
    packages: ['zod', 'hono', '@hono/node-server'],
    node: true,
  }),
  row('src/sdk', ['src/verbs', 'src/model'], { packages: ['zod'], node: true }),
  row('src/cli', ['src/sdk', 'src/verbs', 'src/node', 'src/model', 'package.json'], {
    packages: ['commander', '@bomb.sh/tab', '@clack/prompts', 'zod'],
    node: true,
  }),
  row('src/cli/node', ['src/cli', 'src/sdk', 'src/verbs', 'src/node', 'src/core', 'src/codec', 'src/model'], {
    typesFrom: PURE_PORTS,
    packages: ['zod'],
    node: true,
  }),
  row('src/replay', ['src/core', 'src/codec', 'src/ports', 'src/model']),
  row('src/sim', [
    'src/services',
    'src/adapters/etcd-raft',
    'src/core',
    'src/codec',
    'src/ports',
    'src/model',
  ]),
  row(
    'src/node',
    [
      'src/api',
      'src/verbs',
      'src/services',
      'src/adapters',
      'src/replay',
      'src/sim',
      'src/sdk',
      'src/core',
      'src/codec',
      'src/ports',
      'src/model',
      'package.json',
    ],
    { packages: ['zod', 'smol-toml'], node: true },
  ),
  row('bin', ['src/cli'], { node: true }),
  row('config', [], { packages: ['vitest'], node: true }),
  row('scripts', ['src', 'test/perf', 'bin', 'package.json'], { packages: ['*'], node: true }),
  row('test', ['src', 'scripts', 'config', 'bin', 'package.json'], { packages: ['*'], node: true }),
]

function row(
  folder: string,
  from: readonly string[],
  more: Partial<Omit<ImportRow, 'from'>> = {},
): ImportRow {
  return { folder, from, typesFrom: [], packages: [], node: false, ...more }
}

/** An adapter may import ports, codec, model, Node, and its own libraries: a new library is a new row. */
function adapter(name: string, packages: readonly string[]): ImportRow {
  return row(`${APART}${name}`, ['src/ports', 'src/codec', 'src/model'], { packages, node: true })
}
