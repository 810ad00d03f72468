import { poison } from '../../test/setup/poison.ts'
export const replay = poison
