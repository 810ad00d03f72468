import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { Mesh } from '../../ports/mesh.ts'
import type { ResolvedConfig } from '../config.ts'
import type { ContentPart } from './content-part.ts'
import type { GroupsPart } from './groups-part.ts'
import type { HeartPart } from './heart-part.ts'
import type { HostedKeys } from './hosted-keys.ts'
import type { LogPart } from './log-part.ts'
import type { RolesPart } from './roles-part.ts'
import type { Speech } from './speech.ts'
import type { ThreadsPart } from './threads-part.ts'

/** What a node is started with. */
export interface NodeOptions {
  readonly home: string
  readonly resolved: ResolvedConfig
  /** The node's key, opened. */
  readonly key: KeyPair
  /** Keys of further accounts that work and judge for it, by the settings; absent: its own does. */
  readonly hosted?: HostedKeys
  readonly log: LogPart
  /** Somebody asks the node to stop: by the API, or a fault after which what is stored is right and the process must end. */
  readonly onStop: (why: string, fault?: unknown) => void
}

/** The parts of a running node, in the order in which they were started. */
export interface RunningParts {
  readonly genesis: OpenedGenesis
  readonly buckets: number
  readonly key: KeyPair
  readonly mesh: Mesh
  readonly content: ContentPart
  readonly heart: HeartPart
  readonly groups: GroupsPart
  readonly threads: ThreadsPart
  readonly speech: Speech
  readonly roles: RolesPart
}
