import type { CID } from '../../codec/cid.ts'
import { parseContentCid } from '../../codec/cid.ts'
import { withHomeContent } from '../../node/home-content.ts'
import type { ContentStore, ContentUsage, KeptContent, Retention } from '../../ports/content-store.ts'
import type { ApiClient } from '../../sdk/client.ts'
import { NoNodeError } from '../../sdk/http.ts'
import type { Context } from '../context.ts'
import { asked, nodeOf } from '../daemon.ts'
import { unwrap } from '../failure.ts'

type Kept = 'put' | 'get' | 'has' | 'pin' | 'unpin' | 'gc' | 'verify'

/** What commands do with content, of a home at rest or of a node that runs. */
export interface CasStore extends Pick<ContentStore, Kept> {
  ls(page: {
    readonly limit: number
    readonly after?: CID
  }): readonly KeptContent[] | Promise<readonly KeptContent[]>
  usage(): ContentUsage | Promise<ContentUsage>
}

/** Does something with the content of a home: by way of its node where one runs, else itself. */
export async function withContent<Value>(
  context: Pick<Context, 'home' | 'env'>,
  run: (store: CasStore) => Promise<Value>,
): Promise<Value> {
  const node = nodeOf(context)
  return (await isRunning(node)) ? await run(remoteContent(node)) : await withHomeContent(context.home, run)
}

async function isRunning(node: ApiClient): Promise<boolean> {
  try {
    await node.call('content', { limit: 1 })
    return true
  } catch (error) {
    if (error instanceof NoNodeError) return false
    throw error
  }
}

function remoteContent(node: ApiClient): CasStore {
  return {
    put: async (bytes) => cidOf((await asked(node.putContent(bytes))).cid),
    get: (cid) => asked(node.artifact(cid.toString())),
    has: async (cid) => (await asked(node.call('contentHas', { cid: cid.toString() }))).here,
    pin: async (cid, owner) => void (await asked(node.call('contentPin', { cid: cid.toString(), owner }))),
    unpin: async (owner, cid) => {
      await asked(node.call('contentUnpin', { owner, ...(cid !== undefined && { cid: cid.toString() }) }))
    },
    ls: async ({ limit, after }) => {
      const page = { limit, ...(after !== undefined && { after: after.toString() }) }
      const { contents } = await asked(node.call('content', page))
      return contents.map(({ cid, size, at, pins }) => ({ cid: cidOf(cid), size, atMs: at, owners: pins }))
    },
    usage: async () => {
      const { quota_bytes: quotaBytes, ...rest } = (await asked(node.call('content', { limit: 1 }))).usage
      return { ...rest, quotaBytes }
    },
    gc: (retention) =>
      asked(node.call('contentGc', retention === undefined ? {} : { retention: wishOf(retention) })),
    verify: async () => {
      const { incomplete, ...rest } = await asked(node.call('contentVerify', {}))
      return { ...rest, incomplete: incomplete.map(cidOf) }
    },
  }
}

function wishOf(retention: Retention) {
  if (retention.keep === 'size') return { keep: 'size' as const, bytes_max: retention.bytesMax }
  return retention
}

function cidOf(text: string): CID {
  return unwrap(parseContentCid(text), text)
}
