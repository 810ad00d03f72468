import { ed25519 } from '@noble/curves/ed25519.js'
export const curve = ed25519
