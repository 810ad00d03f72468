import { startApi } from '../../api/server.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Author } from '../../services/author/author.ts'
import type { NodeAccount, NodeServices, ShownSetting } from '../../verbs/services.ts'
import { aboutThis } from '../about.ts'
import type { ResolvedConfig } from '../config.ts'
import { homePaths } from '../home.ts'
import { showHomeJournal, verifyHomeJournal } from '../node-journal.ts'
import { offline } from '../offline.ts'
import { SETTINGS, type SettingName } from '../settings.ts'
import { apiTcp } from './api-tcp.ts'
import { backupPart } from './backup-part.ts'
import { healthOf } from './health.ts'
import { castOf } from './hosted-keys.ts'
import type { NodeOptions, RunningParts } from './node-parts.ts'
import { recordPart } from './record-part.ts'
import type { Speech } from './speech.ts'
import type { Stack } from './stack.ts'

/** Puts the services of a running node together and opens its API, the last part to start and the first to stop. */
export async function openApiPart(
  options: NodeOptions,
  parts: RunningParts,
  stack: Stack,
): Promise<NodeServices> {
  const { home, log, onStop } = options
  const services = servicesOf(options, parts)
  const tcp = apiTcp(home, options.resolved.config)
  const api = await startApi({
    services,
    socketPath: homePaths(home).socket,
    ...(tcp === undefined ? {} : { tcp }),
    onDefect: (error, where) => {
      log.log.error({ err: error, where }, 'a defect of the API')
      onStop('a defect of the API', error)
    },
  })
  stack.push(() => api.stop())
  if (api.url !== undefined) log.log.info({ url: api.url }, 'the API listens on TCP')
  return services
}

function servicesOf(options: NodeOptions, parts: RunningParts): NodeServices {
  const { home, resolved, log, onStop } = options
  const { crypto, clock, random } = offline
  const { genesis, buckets, key, mesh, content, heart, roles } = parts
  const startedAtMs = clock.nowMs()
  const accounts = accountsOf(options, parts)
  const [own] = accounts
  assert(own !== undefined, 'a node has an account of its own')
  return {
    identity: {
      did: key.did,
      net: genesis.net,
      votes: parts.groups.raft !== undefined,
      label: genesis.genesis.label,
      class: genesis.genesis.class,
      version: aboutThis().version,
      home,
      pid: process.pid,
      startedAtMs,
      buckets,
    },
    heart: heart.heart,
    mesh,
    posted: parts.speech.posted,
    threads: parts.threads.book,
    author: own.author,
    accounts,
    content: content.store,
    agents: roles.agents,
    journal: {
      show: (filter) => showHomeJournal(home, filter),
      verify: () => verifyHomeJournal(home, {}),
    },
    ledger: heart.ledger,
    record: recordPart(homePaths(home).record, () => heart.heart.beforeCheckpoint()),
    logs: log.tail,
    backups: backupPart({
      home,
      flush: () => heart.heart.beforeCheckpoint(),
      content: content.store,
    }),
    settings: shown(resolved),
    sha256: crypto.sha256,
    random,
    clock,
    health: () => healthOf(parts, clock.nowMs()),
    stop: (why) => onStop(why),
  }
}

/** By the names of their keys. */
function accountsOf(options: NodeOptions, { speech, roles }: RunningParts): readonly NodeAccount[] {
  const { keyName, workerKey, verifierKey } = options.resolved.config
  const { works, judges } = castOf(options)
  const nameOf = (did: Did): string =>
    did === options.key.did ? keyName : did === works ? workerKey : verifierKey
  return [...roles.players.values()].map(({ did, roles: played, ...plays }) => ({
    name: nameOf(did),
    author: authorIn(speech, did),
    act: (need, deed) => played.act(need, deed),
    works: plays.works,
    judges: did === judges,
  }))
}

function authorIn({ voices }: Speech, did: Did): Author {
  const voice = voices.get(did)
  assert(voice !== undefined, 'whoever plays has a voice')
  return voice.author
}

function shown({ config, origins }: ResolvedConfig): readonly ShownSetting[] {
  return (Object.keys(SETTINGS) as SettingName[]).map((name) => ({
    key: SETTINGS[name].key,
    value: config[name],
    origin: origins[name],
  }))
}
