import { serveTasks } from '../../adapters/wasm/serve-tasks.ts'
import { meterTask } from '../../core/task/meter-task.ts'

// The entry of a thread that runs tasks.
serveTasks(meterTask)
