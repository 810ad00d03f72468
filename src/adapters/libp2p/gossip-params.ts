import type { PeerScoreParams, PeerScoreThresholds, TopicScoreParams } from '@libp2p/gossipsub/score'
import { GOSSIP_BYTES_MAX } from '../../ports/mesh.ts'

/**
 * Every number of gossipsub, none left to the library's defaults; reasons stand in docs/network.md, "Gossip".
 * Source: libp2p specification, gossipsub v1.1 and v1.2.
 */
export const GOSSIP = {
  D: 6,
  Dlo: 4,
  Dhi: 12,
  Dscore: 4,
  Dout: 2,
  Dlazy: 6,
  gossipFactor: 0.25,
  heartbeatInterval: 1000,
  fanoutTTL: 60_000,
  mcacheLength: 5,
  mcacheGossip: 3,
  seenTTL: 120_000,
  gossipsubIWantFollowupMs: 3000,
  prunePeers: 0,
  pruneBackoff: 60_000,
  unsubcribeBackoff: 10_000,
  graftFloodThreshold: 10_000,
  opportunisticGraftPeers: 2,
  opportunisticGraftTicks: 60,
  directConnectTicks: 300,
  floodPublish: true,
  fallbackToFloodsub: false,
  batchPublish: false,
  doPX: false,
  emitSelf: false,
  allowPublishToZeroTopicPeers: true,
  ignoreDuplicatePublishError: true,
  // The reader is never made to wait: what arrives would pile up before it, without a bound.
  awaitRpcHandler: false,
  awaitRpcMessageHandler: false,
  asyncValidation: false,
  tagMeshPeers: false,
  // Below it messages are sent twice rather than called off, so that who forwards can be told from who does not.
  idontwantMinDataSize: 16_384,
  idontwantMaxMessages: 512,
  maxInboundStreams: 2,
  maxOutboundStreams: 2,
  runOnLimitedConnection: true,
  maxTopicBytesPerPeer: 131_072,
  maxInboundDataLength: 4 * GOSSIP_BYTES_MAX,
  maxOutboundBufferSize: 16_777_216,
  decodeRpcLimits: {
    maxSubscriptions: 256,
    maxMessages: 1024,
    maxIhaveMessageIDs: 5000,
    maxIwantMessageIDs: 5000,
    maxIdontwantMessageIDs: 512,
    maxControlMessages: 256,
    maxPeerInfos: 0,
  },
} as const

/** Bytes that one peer gets by asking for what it has missed, per heartbeat. */
export const WANTED_BYTES_MAX = 2 * GOSSIP_BYTES_MAX
/** Bytes of messages that are kept for those who missed them, per heartbeat; there are five. */
export const CACHED_BYTES_MAX = 8 * GOSSIP_BYTES_MAX

/** Scores below which a peer hears no gossip, gets no message of ours, is not listened to. */
export const GOSSIP_THRESHOLDS: PeerScoreThresholds = {
  gossipThreshold: -20,
  publishThreshold: -40,
  graylistThreshold: -60,
  acceptPXThreshold: 100,
  opportunisticGraftThreshold: 1,
}

/**
 * `appScore`: the node's own score of a peer, 0 to 1; a whole one adds nothing, none takes 100: a peer about to be
 * banned (0.3) is below every threshold.
 */
export function gossipScoreParams(
  appScore: (peer: string) => number,
  peersPerAddressMax: number,
): PeerScoreParams {
  return {
    topics: {},
    topicScoreCap: 10,
    appSpecificScore: (peer) => 100 * (appScore(peer) - 1),
    appSpecificWeight: 1,
    IPColocationFactorWeight: -5,
    IPColocationFactorThreshold: peersPerAddressMax,
    IPColocationFactorWhitelist: new Set(['127.0.0.1', '::1']),
    behaviourPenaltyWeight: -10,
    behaviourPenaltyThreshold: 6,
    behaviourPenaltyDecay: 0.9,
    decayInterval: 1000,
    decayToZero: 0.01,
    retainScore: 600_000,
  }
}

/**
 * Of one topic. What a peer can gain is little (time in the mesh and first deliveries together at most 5), so that it
 * buys no misconduct. `meshMessageDeliveriesThreshold` is set by traffic (`topic-traffic.ts`), and nothing until then.
 */
export function topicScoreParams(): TopicScoreParams {
  return {
    topicWeight: 1,
    timeInMeshWeight: 0.01,
    timeInMeshQuantum: 1000,
    timeInMeshCap: 100,
    firstMessageDeliveriesWeight: 0.04,
    firstMessageDeliveriesDecay: 0.9,
    firstMessageDeliveriesCap: 100,
    meshMessageDeliveriesWeight: -1,
    meshMessageDeliveriesDecay: DELIVERIES_DECAY,
    meshMessageDeliveriesCap: 1000,
    meshMessageDeliveriesThreshold: DELIVERIES_NONE,
    meshMessageDeliveriesWindow: 10_000,
    meshMessageDeliveriesActivation: 30_000,
    meshFailurePenaltyWeight: -1,
    meshFailurePenaltyDecay: 0.97,
    invalidMessageDeliveriesWeight: -1,
    invalidMessageDeliveriesDecay: 0.99,
  }
}

/** A second. */
export const DELIVERIES_DECAY = 0.97
/** So small a demand that nobody misses it. */
export const DELIVERIES_NONE = 1e-6
