import type { RaftId } from '../../../src/model/raft.ts'
import type { ByteStream } from '../../../src/ports/raft-transport.ts'

/** Streams to other nodes on which what is written to some of them is lost: one way of a partition. */
export class FaultyStreams {
  #cut: ReadonlySet<number> = new Set()

  /** To these nodes nothing goes from now on, to all others everything. */
  cut(peers: readonly number[]): void {
    this.#cut = new Set(peers)
  }

  /** A link writes whole frames, so that what is left of the stream is well-formed. */
  wrap(peer: RaftId, stream: ByteStream): ByteStream {
    return {
      incoming: stream.incoming,
      write: (bytes) => (this.#cut.has(peer) ? Promise.resolve() : stream.write(bytes)),
      close: (reason) => stream.close(reason),
    }
  }
}
