import * as z from 'zod'
import { reject } from '../model/rejection.ts'
import { ok } from '../model/result.ts'
import type { NodeAccount, NodeServices } from './services.ts'
import type { Handled } from './verb.ts'

/** In whose name something is said. */
export const asAccount = z
  .string()
  .min(1)
  .max(32)
  .exactOptional()
  .describe('name of the key of an account that the node speaks for')

/** The account of that name; else the first that `plays`, and the node's own where none does. Rejects MALFORMED. */
export function accountAs(
  { accounts }: Pick<NodeServices, 'accounts'>,
  name: string | undefined,
  plays: (account: NodeAccount) => boolean = () => true,
): Handled<NodeAccount> {
  const found =
    name === undefined ? (accounts.find(plays) ?? accounts[0]) : accounts.find((one) => one.name === name)
  if (found !== undefined) return ok(found)
  const names = accounts.map((one) => one.name).join(', ')
  return reject('MALFORMED', `the node speaks for ${names}, not for ${name ?? 'anybody'}`, 'as')
}
