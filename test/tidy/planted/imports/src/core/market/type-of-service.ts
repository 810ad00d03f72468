export type * from '../../services/raft/host.ts'
