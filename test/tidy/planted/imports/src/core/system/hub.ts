import { account } from '../ledger/account.ts'
export const hub = account
