function absent(name) {
  return () => {
    throw new Error(`${name} is not part of canswarm`)
  }
}
export const webRTC = absent('webRTC')
export const webRTCDirect = absent('webRTCDirect')
