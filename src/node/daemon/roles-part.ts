import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { ContentStore } from '../../ports/content-store.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { Author } from '../../services/author/author.ts'
import type { Heart } from '../../services/heart/heart.ts'
import type { JudgeWorld } from '../../services/roles/judge-result.ts'
import { Registration } from '../../services/roles/registration.ts'
import { Requester } from '../../services/roles/requester.ts'
import { Roles } from '../../services/roles/roles.ts'
import { saltsOf } from '../../services/roles/salts.ts'
import { offline } from '../offline.ts'
import { AgentsPart } from './agents-part.ts'

export interface RolesPartOptions {
  readonly home: string
  readonly key: KeyPair
  readonly heart: Heart
  readonly author: Author
  readonly content: ContentStore
  /** What was said before the last stop, in order. */
  readonly said: readonly ReadBody[]
  /** COMMIT_GATE; absent on a network without a capsule. */
  readonly gate?: NonNullable<JudgeWorld['gate']>
  /** What a verifier stakes, micro-credits. */
  readonly stake: bigint
  readonly tell: (level: 'info' | 'warn' | 'error', text: string) => void
  readonly onFault: (fault: unknown) => void
}

export interface RolesPart {
  readonly roles: Roles
  readonly requester: Requester
  readonly agents: AgentsPart
  stop(): Promise<void>
}

/** Starts the built-in agents of the node's own account, with what is attached for them to run. */
export async function openRolesPart(options: RolesPartOptions): Promise<RolesPart> {
  const { home, key, heart, author, content, said, gate, stake, tell, onFault } = options
  const { crypto } = offline
  const { sha256 } = crypto
  const registration = new Registration({
    heart,
    author,
    sha256,
    label: 'node',
    stake,
    onRefused: ({ code, message }) => tell('warn', `registration: ${code}: ${message}`),
  })
  let agents: AgentsPart | undefined
  const roles = new Roles({
    heart,
    author,
    registration,
    content,
    sha256,
    ...(gate === undefined ? {} : { gate }),
    saltOf: saltsOf(key.secret, heart.net, sha256),
    switches: { worker: true, verifier: true },
    onEvent({ need, kind, text }) {
      agents?.heard(need, `${kind} ${text}`)
      if (kind === 'refused' || kind === 'job-failed') tell('warn', `need ${need}: ${kind} ${text}`)
    },
    onFault,
  })
  for (const read of said) roles.restore(read)
  agents = await AgentsPart.open({
    home,
    content,
    roles,
    registered: () => heart.hub().get('agents', key.did),
    onFailing: (name, why) => tell('warn', `agent ${name}: ${why}`),
  })
  const requester = new Requester({ heart, author, content, sha256, onFault })
  roles.start()
  requester.start()
  const attached = agents
  return {
    roles,
    requester,
    agents: attached,
    async stop() {
      requester.stop()
      await roles.stop()
      await attached.stop()
    },
  }
}
