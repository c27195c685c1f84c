// LivePerson's JavaScript client from its start to a token: its own authentication, with the domain lookup that it would
// make over the same HTTP library, but at the emulator. BENCH_ASKERS says how many askers come at once.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.env.BENCH_NODE, 'package.json'))
// All that `import 'liveperson-functions-client'` loads.
require('liveperson-functions-client')
const { AppJwtAuthentication } = require('liveperson-functions-client/build/src/helper/appJwtAuthentication.js')
const got = require('got').default

const authentication = new AppJwtAuthentication({
  accountId: process.env.LP_ACCOUNT_ID,
  clientId: process.env.LP_CLIENT_ID,
  clientSecret: readFileSync(process.env.LP_CLIENT_SECRET_FILE, 'utf8').trim(),
  getCsdsEntry: async (account, service) => {
    const url = `${process.env.LP_DOMAIN_API}/api/account/${account}/service/baseURI.json?version=1.0`
    const { baseURIs } = await got(url, { responseType: 'json', resolveBodyOnly: true })
    return baseURIs.find(entry => entry.service === service).baseURI
  }
})
const askers = Array.from({ length: Number(process.env.BENCH_ASKERS ?? 1) }, () => authentication.getHeader())
const [header] = await Promise.all(askers)
console.log(header.replace('Bearer ', ''))
