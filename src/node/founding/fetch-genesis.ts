import { openLibp2pMesh } from '../../adapters/libp2p/mesh.ts'
import { encodeGenesis, type OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { FaultError } from '../../model/fault.ts'
import type { SecretKey } from '../../model/ids.ts'
import type { Mesh } from '../../ports/mesh.ts'
import { parseGenesis } from '../network.ts'
import { offline } from '../offline.ts'

/** Names no network: whoever asks does not know which one it is. */
const PROTOCOL = '/canswarm/genesis/1'
const GENESIS_BYTES_MAX = 131_072
const TIMEOUT_MS = 10_000
const LIMITS = {
  bodyBytesMax: 0,
  answerBytesMax: GENESIS_BYTES_MAX,
  inFlightPerPeerMax: 2,
  timeoutMs: TIMEOUT_MS,
  perSecondMax: 1,
  burstMax: 4,
}

/** Gives the genesis, which is no secret, to whoever asks for it. */
export function serveGenesis(mesh: Pick<Mesh, 'handleRequest'>, { genesis }: OpenedGenesis): void {
  const bytes = encodeGenesis(genesis)
  mesh.handleRequest(PROTOCOL, LIMITS, () => bytes)
}

/**
 * The genesis that a node at this multiaddr says it has, asked for under a key of the moment. Only an address with
 * `/p2p/<id>`, or a look at the network's CID, tells whether it is the right one. Faults `peer-address`, `peer-unreachable`,
 * `peer-refused`, `peer-gone`, `network-damaged` for what is no genesis.
 */
export async function fetchGenesis(address: string): Promise<OpenedGenesis> {
  const { mesh } = await openLibp2pMesh({
    network: 'joining',
    secret: offline.random.bytes(32) as SecretKey,
    clock: offline.clock,
    listen: [],
    discovery: { mdns: false, dht: false },
  })
  try {
    const options = { timeoutMs: TIMEOUT_MS, answerBytesMax: GENESIS_BYTES_MAX }
    const answer = await mesh.request(await mesh.connect(address), PROTOCOL, new Uint8Array(), options)
    const opened = parseGenesis(answer)
    if (opened.ok) return opened.value
    throw new FaultError('network-damaged', `${address} answered with no genesis: ${opened.error.message}`)
  } finally {
    await mesh.stop()
  }
}
