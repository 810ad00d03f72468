export const worker = new URL('../../services/raft/host.ts', import.meta.url)
