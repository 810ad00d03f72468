import { existsSync, readFileSync, statSync } from 'node:fs'
import type { TcpOptions } from '../../api/server.ts'
import { FaultError } from '../../model/fault.ts'
import type { NodeConfig } from '../config.ts'
import { homePaths } from '../home.ts'
import { offline } from '../offline.ts'
import { writeWhole } from './write-whole.ts'

const TOKEN_BYTES = 32
const TOKEN = /^[\w-]{32,128}$/u

/**
 * Where the API listens beside its socket; undefined where the settings name no address (they do not unless the operator says
 * so). Faults `config`, `key-mode`, `store-io`. Source: operations.md, "Local API".
 */
export function apiTcp(
  home: string,
  { apiListen, apiHosts, apiOrigins }: NodeConfig,
): TcpOptions | undefined {
  if (apiListen === '') return undefined
  const colon = apiListen.lastIndexOf(':')
  const host = apiListen.slice(0, colon).replace(/^\[(?<inner>.*)\]$/u, '$<inner>')
  return {
    host,
    port: Number(apiListen.slice(colon + 1)),
    token: apiToken(homePaths(home).apiToken),
    hosts: listOf(apiHosts),
    origins: listOf(apiOrigins),
  }
}

/** The token of the file, which its owner alone may read; one of the moment is made where there is none. */
function apiToken(path: string): string {
  if (!existsSync(path)) {
    const made = offline.random.bytes(TOKEN_BYTES).toBase64({ alphabet: 'base64url', omitPadding: true })
    writeWhole(path, `${made}\n`)
    return made
  }
  const { mode } = statSync(path)
  if ((mode & 0o077) !== 0) throw new FaultError('key-mode', `others can read ${path}: chmod 600 ${path}`)
  const token = readFileSync(path, 'utf8').trim()
  if (TOKEN.test(token)) return token
  throw new FaultError('config', `${path} holds no token of 32 to 128 letters, digits, - and _: remove it`)
}

function listOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(',')
}
