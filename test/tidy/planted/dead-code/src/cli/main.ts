import { used } from '../services/some.ts'
import { Command } from 'commander'
import { CID } from 'multiformats/cid'

process.stdout.write(String([used, Command, CID]))
