import type { Brand } from './brand.ts'

/** A `did:key:z6Mk…` of an Ed25519 key: the one form in which identities are compared and stored. */
export type Did = Brand<string, 'Did'>

/** 32 bytes that passed the key acceptance rules (canonical, not of small order). */
export type PublicKey = Brand<Uint8Array, 'PublicKey'>

/** Ed25519 seed, 32 bytes (RFC 8032 private key). */
export type SecretKey = Brand<Uint8Array, 'SecretKey'>

/** Ed25519 signature, 64 bytes: R || S. */
export type Signature = Brand<Uint8Array, 'Signature'>

/** X25519 public key, 32 bytes, made from an Ed25519 key and not of low order: what is sealed to. */
export type AgreementKey = Brand<Uint8Array, 'AgreementKey'>

/** A node's libp2p PeerId, `12D3KooW…`: the identity multihash of its Ed25519 key, base58btc. */
export type PeerId = Brand<string, 'PeerId'>

/** Lower-case base32, 32 characters: a thread's id (protocol.md, "Envelope"). */
export type ThreadId = Brand<string, 'ThreadId'>

/** Text form of a CIDv1 (base32, dag-cbor, sha2-256): the id of an envelope's body. */
export type EnvelopeId = Brand<string, 'EnvelopeId'>

/** A sender's own counter in a thread: 1, 2, 3, … */
export type Seq = Brand<number, 'Seq'>

/** A thread's Lamport clock. Safe integer from 1 on. */
export type Lamport = Brand<number, 'Lamport'>
