export const verb = require('../node/config.ts')
