#!/usr/bin/env node
// A worker that lies: it does what text-stats.mjs does, and counts as many words again. Whoever judges with the same
// program accepts the lie; whoever does the work honestly finds it out. `canswarm demo --challenge` shows what it costs.
import { readFileSync } from 'node:fs'
import { textStatistics } from './text-stats.mjs'

const task = JSON.parse(readFileSync(0, 'utf8'))
const found = JSON.parse(textStatistics(readFileSync(task.input.path)))
process.stdout.write(JSON.stringify({ ...found, words: 2 * found.words + 1 }))
