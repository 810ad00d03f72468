import type { Brand } from './brand.ts'

/** The network's generation, raised by a forced recovery. Integer from 0 on; genesis begins the first, 0. */
export type Generation = Brand<number, 'Generation'>

/** Numbers the memberships of a group in a generation, from 1 on. Raft's own changes count, joint ones too. */
export type ConfigVersion = Brand<number, 'ConfigVersion'>

/** Leaves of a group's tree: how many commands it had applied. Integer from 0 on. */
export type TreeSize = Brand<number, 'TreeSize'>
