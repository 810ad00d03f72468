import { isIPv4, isIPv6 } from 'node:net'
import { FaultError } from '../../model/fault.ts'

const DEFAULT_PORT = 4_001
const PORT_MAX = 65_535

/**
 * A multiaddr as it is; else what people write for one: a host, or `host:port`, by name or number (IPv6 in brackets), with the
 * default port of a node. Faults `peer-address`.
 */
export function peerAddress(text: string): string {
  if (text.startsWith('/')) return text
  const { six, host = six, port = String(DEFAULT_PORT) } = PLACE.exec(text)?.groups ?? {}
  if (host === undefined || Number(port) > PORT_MAX || Number(port) === 0) {
    throw new FaultError('peer-address', `${text} is no address of a node`)
  }
  const kind = isIPv4(host) ? 'ip4' : isIPv6(host) ? 'ip6' : 'dns'
  return `/${kind}/${host}/tcp/${port}`
}

const PLACE =
  /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?))(?::(?<port>\d{1,5}))?$/iu
