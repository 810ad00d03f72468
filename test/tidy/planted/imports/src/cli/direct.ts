import { key } from '../adapters/keystore/key.ts'
export const direct = key
