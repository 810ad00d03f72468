export function autoTLS() {
  throw new Error('autoTLS is not part of canswarm')
}
