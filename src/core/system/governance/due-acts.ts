import type { Turn } from '../turn.ts'

/** Acts of governance whose time has come, in the order of their nonces. */
export function applyDueActs(_turn: Turn): void {}
