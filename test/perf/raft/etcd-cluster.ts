import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { dialEtcd } from './etcd-client.ts'
import { freePorts } from './free-ports.ts'
import { keyOf } from './put-store.ts'

export interface EtcdCluster {
  readonly ports: readonly number[]
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/** CANSWARM_ETCD, or `etcd` on the path; undefined where there is none. */
export function findEtcd(): string | undefined {
  const { CANSWARM_ETCD: named, PATH = '' } = process.env
  const places = named === undefined ? PATH.split(delimiter).map((folder) => join(folder, 'etcd')) : [named]
  return places.find(isExecutable)
}

/** Three nodes on loopback with etcd's own defaults, once they take a write. */
export async function startEtcd(program: string, folder: string): Promise<EtcdCluster> {
  const ports = await freePorts(6)
  const [clients, peers] = [ports.slice(0, 3), ports.slice(3)]
  const initial = peers.map((port, at) => `n${at}=http://127.0.0.1:${port}`).join(',')
  const children = clients.map((port, at) => {
    const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peers[at]}`]
    return spawn(
      program,
      [
        ['--name', `n${at}`],
        ['--data-dir', join(folder, `etcd-${at}`)],
        ['--listen-client-urls', client],
        ['--advertise-client-urls', client],
        ['--listen-peer-urls', peer],
        ['--initial-advertise-peer-urls', peer],
        ['--initial-cluster', initial],
        ['--log-level', 'error'],
        ['--logger', 'zap'],
      ].flat(),
      { stdio: 'ignore' },
    )
  })
  const stop = async (): Promise<void> => void (await Promise.all(children.map(end)))
  try {
    await Promise.all(clients.map((port, at) => untilReady(port, at)))
  } catch (error) {
    await stop()
    throw error
  }
  return { ports: clients, pids: children.map(({ pid }) => pid ?? 0), stop }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // that is the answer
  }
}

async function untilReady(port: number, at: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      const store = await dialEtcd(port)
      const took = await Promise.race([store.put(keyOf(0, at), new Uint8Array(1)), pause(2000)])
      store.close()
      if (took === true || took === false) return
    } catch {
      // not listening yet, or no leader yet
    }
    await pause(100)
  }
  throw new Error('etcd did not become ready')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => void setTimeout(() => resolve(undefined), ms))
}
