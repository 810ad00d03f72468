export const frame = Buffer.from('frame')
