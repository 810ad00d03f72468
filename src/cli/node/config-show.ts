import { loadConfig } from '../../node/home.ts'
import { SETTINGS } from '../../node/settings.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { table } from '../table.ts'

export const configShow = defineCommand({
  path: 'config show',
  about: 'Show every setting of this node',
  examples: ['canswarm config show', 'canswarm config show --origin'],
  arguments: [],
  options: {
    origin: {
      type: 'boolean',
      about: 'say for each whether a flag, a variable, the file or the default won',
    },
  },
  async run({ home, env }, _args, { origin }) {
    const { config, origins } = loadConfig(home, env)
    const rows = Object.entries(SETTINGS).map(([name, { key, about }]) => {
      const setting = name as keyof typeof SETTINGS
      return { key, value: config[setting], origin: origins[setting], about }
    })
    const cells = rows.map((row) => [
      row.key,
      JSON.stringify(row.value),
      ...(origin ? [row.origin] : []),
      row.about,
    ])
    const headings = ['setting', 'value', ...(origin ? ['origin'] : []), 'what it is']
    return report('canswarm.config.show/1', { home, settings: rows }, table(headings, cells))
  },
})
