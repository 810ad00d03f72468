/**
 * Two nodes that know nothing of one another, in a network namespace of their own: multicast must leave no machine, so it
 * refuses to run where there is any interface but loopback and the pair that the test made. Exits 0 when they have met.
 */
import { networkInterfaces } from 'node:os'
import { openMesh, until } from '../../setup/meshes.ts'

const OURS = new Set(['lo', 'canswarm0', 'canswarm1'])
const foreign = Object.keys(networkInterfaces()).filter((name) => !OURS.has(name))
if (foreign.length > 0 || !Object.keys(networkInterfaces()).includes('canswarm0'))
  throw new Error('not in a network namespace of its own')

const options = { listen: ['/ip4/0.0.0.0/tcp/0'], discovery: { mdns: true } }
const a = await openMesh(options)
const b = await openMesh(options)
await until(() => a.mesh.isConnected(b.mesh.self), 30_000)
process.stdout.write(`met by ${a.mesh.peers()[0]?.addresses[0]}\n`)
await Promise.all([a.mesh.stop(), b.mesh.stop()])
