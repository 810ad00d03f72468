import * as z from 'zod'
import { distinct } from './fields.ts'

const CREDENTIALS_MAX = 8
const CREDENTIAL_CHARS_MAX = 4_096

const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** Verifiable credentials as compact JWTs; nothing is judged of them here. Source: economy.md, "Registry". */
export const credentials = distinct(z.string().max(CREDENTIAL_CHARS_MAX).regex(JWT), CREDENTIALS_MAX, 1)
