export { zero } from '../../ports/clock.ts'
