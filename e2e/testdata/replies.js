// Fetches each URL of the input, straight or through the proxy that is named, and
// prints what came of it, one line each.
const http = require('http'), crypto = require('crypto'), fs = require('fs')
const proxy = process.argv[2]

function fetchOne(url) {
  return new Promise(done => {
    const at = new URL(url)
    const options = { agent: false, timeout: 10000, headers: { Host: at.host } }
    if (proxy) {
      const p = new URL('http://' + proxy)
      Object.assign(options, { host: p.hostname, port: p.port, path: url })
    } else {
      Object.assign(options, { host: at.hostname, port: at.port, path: at.pathname })
    }
    const q = http.request(options, r => {
      const sum = crypto.createHash('sha256')
      let size = 0
      const tell = end => done(JSON.stringify([r.statusCode, r.statusMessage, r.rawHeaders, r.rawTrailers, size, sum.digest('hex').slice(0, 16), end]))
      r.on('data', b => { size += b.length; sum.update(b) })
      r.on('end', () => tell('end'))
      r.on('error', e => tell(e.code || e.name))
    })
    q.on('error', e => done('failed ' + (e.code || e.name)))
    q.on('timeout', () => q.destroy(new Error('timeout')))
    q.end()
  })
}

(async () => {
  for (const url of fs.readFileSync(0, 'utf8').trim().split('\n')) console.log(await fetchOne(url))
})()
