export const notATest = true
