// Verification in node: `jose` and `fast-jwt`, each configured as its documentation advises. The conductor's protocol is
// that of player/src/lib.rs; the answer is CPU time of the whole process, as some of them work on other threads.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createPublicKey } from 'node:crypto'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const require = createRequire(join(process.env.BENCH_NODE, 'package.json'))
const load = async name => import(pathToFileURL(require.resolve(name)))
const folder = process.env.BENCH_FOLDER
const token = readFileSync(join(folder, 'token'), 'utf8')
const pem = readFileSync(join(folder, 'key.pem'), 'utf8')
const issuer = 'Sentinel'
const audience = '12345678'

const subjects = {
  'jose': async () => {
    const { jwtVerify } = await load('jose')
    const key = createPublicKey(pem)
    const options = { issuer, audience, algorithms: ['RS256'], requiredClaims: ['exp'] }
    return () => jwtVerify(token, key, options)
  },
  'fast-jwt': async () => fastJwt(false),
  'fast-jwt-cache': async () => fastJwt(true)
}

async function fastJwt(cache) {
  const { createVerifier } = await load('fast-jwt')
  const options = { key: pem, algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience, cache }
  const verify = createVerifier(options)
  return () => verify(token)
}

const made = {}
for await (const line of createInterface({ input: process.stdin })) {
  const [name, count] = line.split(' ')
  try {
    const work = made[name] ??= await subjects[name]()
    const before = process.cpuUsage()
    for (let done = 0; done < Number(count); done++) {
      const result = work()
      if (result instanceof Promise) await result
    }
    const took = process.cpuUsage(before)
    console.log((took.user + took.system) * 1000)
  } catch (error) {
    console.log('error: ' + error.message)
  }
}
