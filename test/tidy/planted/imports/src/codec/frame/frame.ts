import * as z from 'zod'
import type { Clock } from '../../ports/clock.ts'

/** Lawful: a pure library, and a type of a port. */
export type Frame = readonly [Clock, typeof z]
