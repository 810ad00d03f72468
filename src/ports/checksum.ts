/**
 * CRC-32 of bytes as in zlib and Ethernet: an unsigned 32-bit integer. It finds what disks and memory do to bytes,
 * not what somebody does on purpose. Source: ISO 3309; ITU-T V.42, 8.1.1.6.2.
 */
export type Checksum = (bytes: Uint8Array) => number
