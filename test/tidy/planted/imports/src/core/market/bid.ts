import { account } from '../ledger/account.ts'
export const bid = account
