import { join } from 'node:path'
import { LineProcess } from './child.ts'
import { freePorts } from './free-ports.ts'
import type { NodePlan, NodeReport } from './node-plan.ts'

export interface NodeCluster {
  readonly ports: readonly number[]
  readonly pids: readonly number[]
  reports(): Promise<readonly NodeReport[]>
  stop(): Promise<void>
}

/** Three nodes on loopback, once every group has a leader and leaders are spread evenly. */
export async function startNodes(
  folder: string,
  groups: number,
  options: {
    readonly keep?: number
    readonly certified?: boolean
    readonly flags?: readonly string[]
  } = {},
): Promise<NodeCluster> {
  const { flags = [], ...more } = options
  const all = await freePorts(6)
  const [ports, clients] = [all.slice(0, 3), all.slice(3)]
  const script = new URL('./node.ts', import.meta.url)
  const nodes = await Promise.all(
    clients.map((clientPort, at) => {
      const directory = join(folder, `node-${at + 1}`)
      const plan: NodePlan = { directory, self: at + 1, ports, clientPort, groups, ...more }
      return LineProcess.start(script, [JSON.stringify(plan)], flags)
    }),
  )
  const cluster: NodeCluster = {
    ports: clients,
    pids: nodes.map(({ pid }) => pid),
    reports: () => Promise.all(nodes.map((node) => node.ask<NodeReport>({}))),
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
  await untilSpread(cluster, groups)
  return cluster
}

async function untilSpread(cluster: NodeCluster, groups: number): Promise<void> {
  const most = Math.ceil(groups / cluster.ports.length)
  for (let attempt = 0; attempt < 300; attempt++) {
    const leads = (await cluster.reports()).map((report) => report.leads)
    const isLed = leads.reduce((sum, count) => sum + count, 0) === groups
    if (isLed && Math.max(...leads) <= most) return
    await new Promise((resolve) => void setTimeout(resolve, 100))
  }
  await cluster.stop()
  throw new Error('the groups did not get leaders that are spread evenly')
}
