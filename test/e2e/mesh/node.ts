/** A node of the mesh as a process: says its address, takes part in a topic, and stays until it is killed. */
import { openMesh, topicOf } from '../../setup/meshes.ts'

const [bootstrap] = process.argv.slice(2)
const { mesh } = await openMesh(bootstrap === undefined ? {} : { bootstrap: [bootstrap] })
mesh.subscribe(topicOf('system'), (_from, data) => {
  process.stdout.write(`heard ${new TextDecoder().decode(data)}\n`)
  return 'accept'
})
process.stdout.write(`${mesh.addresses()[0]}\n`)
