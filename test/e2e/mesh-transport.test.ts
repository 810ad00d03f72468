import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { Libp2pMesh } from '../../src/adapters/libp2p/mesh.ts'
import type { Did } from '../../src/model/ids.ts'
import { addressOf, openMesh, topicOf, until } from '../setup/meshes.ts'

const NODE = new URL('mesh/node.ts', import.meta.url).pathname
const DISCOVERY = new URL('mesh/discovery.ts', import.meta.url).pathname
/** A namespace with a pair of interfaces that take multicast and lead nowhere but to each other. */
const IN_NAMESPACE = [
  'ip link set lo up',
  'ip link add canswarm0 type veth peer name canswarm1',
  'ip addr add 10.77.0.1/24 dev canswarm0',
  'ip link set canswarm0 up multicast on',
  'ip link set canswarm1 up',
  'ip route add 224.0.0.0/4 dev canswarm0',
].join(' && ')

const children: ChildProcess[] = []
const nodes: Libp2pMesh[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(nodes.splice(0).map(({ mesh }) => mesh.stop()))
})

async function open(options: Parameters<typeof openMesh>[0] = {}): Promise<Libp2pMesh> {
  const node = await openMesh(options)
  nodes.push(node)
  return node
}

/** A node in a process of its own, and the lines that it says after its address. */
async function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [NODE, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  await until(() => lines.length > 0, 60_000)
  return { child, address: lines[0] ?? '', heard: lines }
}

describe('nodes as processes', () => {
  it('hear one another; one that is killed is noticed, and the others go on', async () => {
    const { mesh } = await open({ limits: { keepMs: 100 } })
    const told: [Did, boolean][] = []
    mesh.onPeer((did, isConnected) => told.push([did, isConnected]))
    const topic = topicOf('system')
    mesh.subscribe(topic, () => 'accept')
    const first = await start(mesh.addresses()[0] ?? '')
    const second = await start(mesh.addresses()[0] ?? '')
    await until(() => mesh.subscribers(topic).length === 2)
    mesh.publish(topic, new TextEncoder().encode('one'))
    await until(() => [first, second].every(({ heard }) => heard.includes('heard one')))
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    await until(() => told.length === 3)
    expect(told.map(([, isConnected]) => isConnected)).toEqual([true, true, false])
    expect(mesh.peers().map(({ did }) => did)).not.toContain(told[2]?.[0])
    mesh.publish(topic, new TextEncoder().encode('two'))
    await until(() => second.heard.includes('heard two'))
    expect(first.heard).not.toContain('heard two')
  })
})

describe('discovery', () => {
  it('by the DHT: two peers of one peer find each other', async () => {
    const discovery = { dht: true }
    const middle = await open({ discovery })
    const bootstrap = [addressOf(middle)]
    const [a, b] = [await open({ discovery, bootstrap }), await open({ discovery, bootstrap })]
    await until(() => a.mesh.isConnected(b.mesh.self), 60_000)
    expect(a.mesh.counters()['discovered']).toBeGreaterThan(0)
  })

  it('by multicast: two nodes on one network find each other', async (context) => {
    const probe = spawnSync('unshare', ['-n', 'sh', '-c', IN_NAMESPACE])
    if (probe.status !== 0) {
      process.stdout.write(
        'SKIPPED: multicast discovery: no network namespaces here (root and ip are needed)\n',
      )
      context.skip()
    }
    const program = `${IN_NAMESPACE} && exec ${process.execPath} ${DISCOVERY}`
    const { stdout } = await promisify(execFile)('unshare', ['-n', 'sh', '-c', program])
    expect(stdout).toMatch(/^met by \/ip4\/10\.77\.0\.1\//)
  })

  it('by multicast is refused outside of a namespace, so that nothing leaves the machine', async () => {
    const run = promisify(execFile)(process.execPath, [DISCOVERY])
    await expect(run).rejects.toMatchObject({ stderr: expect.stringContaining('not in a network namespace') })
  })
})
