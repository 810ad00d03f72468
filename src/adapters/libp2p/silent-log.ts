import type { ComponentLogger, Logger } from '@libp2p/interface'

const silent: Logger = Object.assign(() => undefined, {
  error: () => undefined,
  trace: () => undefined,
  enabled: false,
  newScope: () => silent,
})

/**
 * No log of libp2p's own: it makes a new logger for each stream, which asks the terminal each time. What an operator needs is counted and told by the mesh.
 */
export const silentLog: ComponentLogger = { forComponent: () => silent }
