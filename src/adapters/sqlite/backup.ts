import Database from 'better-sqlite3'
import { FaultError } from '../../model/fault.ts'

/** Copies a database that another connection may be writing, as it was at one moment. Faults `store-io`. */
export async function backupDatabase(from: string, to: string): Promise<void> {
  const source = new Database(from, { readonly: true, fileMustExist: true })
  try {
    await source.backup(to)
  } catch (cause) {
    throw new FaultError('store-io', `cannot copy ${from}`, { cause })
  } finally {
    source.close()
  }
}
