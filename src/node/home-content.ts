import { openHomeLock } from '../adapters/home-lock/home-lock.ts'
import type { CID } from '../codec/cid.ts'
import type { ContentStore } from '../ports/content-store.ts'
import { homePaths } from './home.ts'
import { offline } from './offline.ts'

/** Owner of the pins that the operator sets by hand. */
export const OWN = 'own'

/** What commands read or write whole: 256 MiB. */
export const LOCAL_CONTENT_BYTES_MAX = 268_435_456

// The libraries of content are loaded by who needs them: every other command would start later for them.

/**
 * Does something with the content of a home whose node is stopped; nobody is asked for what is not there. Faults
 * `home-locked`, `home-missing`, and as the store.
 */
export async function withHomeContent<Value>(
  home: string,
  run: (store: ContentStore) => Promise<Value>,
): Promise<Value> {
  const lock = openHomeLock(home)
  try {
    const { crypto, clock } = offline
    const { openContentStore } = await import('../adapters/helia/open-content-store.ts')
    const store = await openContentStore({ directory: homePaths(home).content, sha256: crypto.sha256, clock })
    try {
      return await run(store)
    } finally {
      await store.close()
    }
  } finally {
    lock.release()
  }
}

/** The CID that content would have, without keeping it. */
export async function contentCid(bytes: Uint8Array): Promise<CID> {
  const { contentBlocks } = await import('../adapters/helia/content-cid.ts')
  return await contentBlocks(bytes, offline.crypto.sha256, () => Promise.resolve())
}
