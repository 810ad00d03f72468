import { readFileSync } from 'node:fs'
import { key } from '../keystore/key.ts'
export const crypto = [key, readFileSync]
