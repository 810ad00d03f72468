export const lazy = () => import('../../services/raft/host.ts')
