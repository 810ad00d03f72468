import type { Did } from '../../model/ids.ts'
import type { ContentStore } from '../../ports/content-store.ts'
import type { Heart } from '../../services/heart/heart.ts'
import type { JudgeWorld } from '../../services/roles/judge-result.ts'
import { Registration } from '../../services/roles/registration.ts'
import { Requester } from '../../services/roles/requester.ts'
import { Roles } from '../../services/roles/roles.ts'
import type { RoleSwitches } from '../../services/roles/roles-deps.ts'
import { saltsOf } from '../../services/roles/salts.ts'
import { offline } from '../offline.ts'
import { AgentsPart } from './agents-part.ts'
import type { Player } from './player.ts'
import type { Voice } from './speech.ts'

/** Whose account does what; the same one may do all of it. */
export interface Cast {
  readonly works: Did
  readonly judges: Did
  readonly challenges: Did
}

export interface RolesPartOptions {
  readonly home: string
  /** By DID, the node's own first. */
  readonly voices: ReadonlyMap<Did, Voice>
  readonly cast: Cast
  readonly heart: Heart
  readonly content: ContentStore
  /** COMMIT_GATE; absent on a network without a capsule. */
  readonly gate?: NonNullable<JudgeWorld['gate']>
  /** What a verifier stakes, micro-credits. */
  readonly stake: bigint
  readonly challenger: NonNullable<RoleSwitches['challenger']>
  readonly tell: (level: 'info' | 'warn' | 'error', text: string) => void
  readonly onFault: (fault: unknown) => void
}

export interface RolesPart {
  readonly agents: AgentsPart
  /** By DID. */
  readonly players: ReadonlyMap<Did, Player>
  stop(): Promise<void>
}

/** Starts the built-in agents of the node's accounts, with what is attached for them to run. */
export async function openRolesPart(options: RolesPartOptions): Promise<RolesPart> {
  const { home, content, tell } = options
  let agents: AgentsPart | undefined
  const heard = (need: string, text: string): void => agents?.heard(need, text)
  const players = [...options.voices.values()].map((voice) => openPlayer(options, voice, heard))
  agents = await AgentsPart.open({
    home,
    content,
    players,
    onFailing: (name, why) => tell('warn', `agent ${name}: ${why}`),
  })
  for (const { roles, requester } of players) {
    roles.start()
    requester.start()
  }
  const attached = agents
  return {
    agents: attached,
    players: new Map(players.map((player) => [player.did, player])),
    async stop() {
      for (const { requester } of players) requester.stop()
      await Promise.all(players.map(({ roles }) => roles.stop()))
      await attached.stop()
    },
  }
}

function openPlayer(
  options: RolesPartOptions,
  { key, author, said }: Voice,
  heard: (need: string, text: string) => void,
): Player {
  const { heart, content, cast, gate, stake, challenger, tell, onFault } = options
  const { sha256 } = offline.crypto
  const works = key.did === cast.works
  const judges = key.did === cast.judges
  const challenges = key.did === cast.challenges
  const registration = new Registration({
    heart,
    author,
    sha256,
    label: 'node',
    stake,
    onRefused: ({ code, message }) => tell('warn', `registration: ${code}: ${message}`),
  })
  const roles = new Roles({
    heart,
    author,
    registration,
    content,
    sha256,
    ...(gate === undefined ? {} : { gate }),
    saltOf: saltsOf(key.secret, heart.net, sha256),
    switches: { worker: works, verifier: judges, ...(challenges ? { challenger } : {}) },
    onEvent({ need, kind, text }) {
      heard(need, `${kind} ${text}`)
      if (kind === 'refused' || kind === 'job-failed') tell('warn', `need ${need}: ${kind} ${text}`)
    },
    onFault,
  })
  for (const read of said) roles.restore(read)
  return {
    did: key.did,
    roles,
    requester: new Requester({ heart, author, content, sha256, onFault }),
    works,
    judges,
    challenges,
    registered: () => heart.hub().get('agents', key.did),
  }
}
