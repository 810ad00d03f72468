import type { CallContext } from './call-context.ts'
import type { Descriptor } from './descriptors.ts'

const FILESTAT_BYTES = 64
const FILE_TYPE = { stdout: 0, stderr: 0, folder: 3, file: 4 } as const

/** What is known of a file: its size; all times are the start of the task's time. */
export function putStatus({ memory }: CallContext, descriptor: Descriptor, out: number): void {
  const view = memory.view(out, FILESTAT_BYTES)
  const [inode, size] = descriptor.kind === 'file' ? [descriptor.inode, descriptor.bytes.length] : [0, 0]
  for (let at = 0; at < FILESTAT_BYTES; at += 8) view.setBigUint64(at, 0n, true)
  view.setBigUint64(8, BigInt(inode), true)
  view.setUint8(16, FILE_TYPE[descriptor.kind])
  view.setBigUint64(24, 1n, true)
  view.setBigUint64(32, BigInt(size), true)
}
