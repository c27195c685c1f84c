// `oauth2-mock-server` under load: it runs in this process, whose CPU time is the answer; a child of it asks for tokens
// over eight connections that are kept alive. The conductor's protocol is that of player/src/lib.rs.
import { fork } from 'node:child_process'
import http from 'node:http'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const CONNECTIONS = 8

if (process.argv[2] === 'ask') {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const body = 'client_id=me&client_secret=hush&grant_type=client_credentials'
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }
  const options = { host: '127.0.0.1', port: Number(process.argv[3]), path: '/token', method: 'POST', agent, headers }
  const ask = () => new Promise((resolve, reject) => {
    const request = http.request(options, reply => {
      if (reply.statusCode !== 200) reject(new Error('status ' + reply.statusCode))
      reply.resume().on('end', resolve)
    })
    request.on('error', reject).end(body)
  })
  process.on('message', async count => {
    let left = count
    const connection = async () => { while (left-- > 0) await ask() }
    try {
      await Promise.all(Array.from({ length: CONNECTIONS }, connection))
      process.send('done')
    } catch (error) {
      process.send('error: ' + error.message)
    }
  })
} else {
  const require = createRequire(join(process.env.BENCH_NODE, 'package.json'))
  const { OAuth2Server } = await import(pathToFileURL(require.resolve('oauth2-mock-server')))
  const server = new OAuth2Server()
  await server.issuer.keys.generate('RS256')
  await server.start(0, '127.0.0.1')
  const client = fork(fileURLToPath(import.meta.url), ['ask', String(server.address().port)])
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) {
    const count = Number(line.split(' ')[1])
    const before = process.cpuUsage()
    client.send(count)
    const answer = await new Promise(resolve => client.once('message', resolve))
    const took = process.cpuUsage(before)
    console.log(answer === 'done' ? (took.user + took.system) * 1000 : answer)
  }
  client.kill()
  await server.stop()
}
