import { expect, it } from 'vitest'
import { counted } from '../../../src/model/counted.ts'

it('one is one, and all others are many, nothing too', () => {
  expect([0, 1, 2].map((count) => counted(count, 'peer'))).toEqual(['0 peers', '1 peer', '2 peers'])
  expect([1, 2].map((count) => counted(count, 'history', 'histories'))).toEqual(['1 history', '2 histories'])
})
