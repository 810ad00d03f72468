export interface Clock { nowMs(): number }
export const zero = 0
