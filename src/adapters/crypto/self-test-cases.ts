/**
 * A signature whose verdict is known; bytes as hex. `atStart`: cheap enough for every start (no table of multiples of
 * the base point is needed, and no other case at start shows the same).
 */
export interface KnownVerdict {
  readonly edge: string
  readonly key: string
  readonly signature: string
  readonly message: string
  readonly accepted: boolean
  readonly atStart: boolean
}

const ZERO = '00'.repeat(32)
const NEGATIVE_ZERO_X = `ec${'ff'.repeat(31)}`
const ABOVE_P = `ed${'ff'.repeat(30)}7f`
const MIXED_KEY = '10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f'
const MIXED_R = '36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b'
const GROUP_ORDER = `edd3f55c1a631258d69cf7a2def9de14${'00'.repeat(15)}10`

/** RFC 8032, section 7.1, TEST 2. */
export const GENUINE = {
  secret: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
  key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  message: '72',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
} as const

/**
 * One case of each kind on which verifiers are known to differ. Messages are ASCII in hex.
 * Source of the points: C2SP/CCTV ed25519 (numbers 0, 20, 912, 2, 6, 7, 16 and 456), RFC 8032.
 */
export const KNOWN_VERDICTS: readonly KnownVerdict[] = [
  known('A and R of order 4, residue', ZERO, ZERO + ZERO, 'ed25519vectors 3', true, false),
  known('A and R above p, residue', ABOVE_P, ABOVE_P + ZERO, 'ed25519vectors 2', true, true),
  known('A and R with x = -0', NEGATIVE_ZERO_X, NEGATIVE_ZERO_X + ZERO, 'ed25519vectors 1', true, true),
  known('S = L', ZERO, ZERO + GROUP_ORDER, 'ed25519vectors 3', false, true),
  known('R is not on the curve', ZERO, `02${ZERO.slice(2)}${ZERO}`, 'ed25519vectors 3', false, true),
  known('A is not on the curve', `02${ZERO.slice(2)}`, ZERO + ZERO, 'ed25519vectors 3', false, true),
  known('equation does not hold', ZERO, MIXED_R + ZERO, 'ed25519vectors 7', false, true),
  known(
    'A and R of mixed order, residue',
    MIXED_KEY,
    `${MIXED_R}c02e2b9e63e385c058bf62b14b3a2b29ccefe8e38ddb536bc3f9865320a3d801`,
    'ed25519vectors 10',
    true,
    false,
  ),
  known(
    'A and R of mixed order that cancel',
    MIXED_KEY,
    `${MIXED_R}bbfd00bd9c259d8d222d15e67a3d8228585050dbb9b9585be20d8fadc721da03`,
    'ed25519vectors',
    true,
    false,
  ),
  known(
    'R above p',
    MIXED_KEY,
    `${ABOVE_P}1cb421dfbd92aa6c30d550bff53c81cf650ace6deb96a8ec22d2fef84dbbe20b`,
    'ed25519vectors 6',
    true,
    false,
  ),
  known(
    'hash over the re-encoded R',
    '6718d0a3d58deaeaefa655eae3f119071deaa2cfebfd0ca28b670f879d657086',
    `ee${'ff'.repeat(31)}48435f31d933b4c6418d7d48d1223ddf2005f6ff4c6555c5850313295f5f4507`,
    'ed25519vectors 25',
    false,
    false,
  ),
  known('genuine', GENUINE.key, GENUINE.signature, 'r', true, false),
  known(
    'genuine, one bit of S changed',
    GENUINE.key,
    GENUINE.signature.replace('085ac1', '095ac1'),
    'r',
    false,
    false,
  ),
]

function known(
  edge: string,
  key: string,
  signature: string,
  message: string,
  accepted: boolean,
  atStart: boolean,
): KnownVerdict {
  return { edge, key, signature, message: Buffer.from(message, 'ascii').toString('hex'), accepted, atStart }
}
