/** The journal is its node's own: no other user reads it. */
export const FILE_MODE = 0o600
