// Makes every kind of call of test.Calls and prints what came of each, a line each;
// see grpc_test.go for the service.
//
//   node grpc.mjs ADDRESS MESSAGES
import grpc from '@grpc/grpc-js';

const [address, count] = [process.argv[2], Number(process.argv[3])];
const octets = { serialize: (b) => Buffer.from(b, 'latin1'), deserialize: (b) => b.toString('latin1') };
const method = (name, stream) => ({
  path: '/test.Calls/' + name, requestStream: stream, responseStream: stream,
  requestSerialize: octets.serialize, requestDeserialize: octets.deserialize,
  responseSerialize: octets.serialize, responseDeserialize: octets.deserialize,
});
const streams = ['Up', 'Down', 'Both', 'Early', 'Halfway'];
const service = { unary: method('Unary', false), none: method('None', false) };
for (const name of streams) service[name] = method(name, true);
const Calls = grpc.makeGenericClientConstructor(service, 'Calls');
const client = new Calls(address, grpc.credentials.createSsl());

const say = (...words) => console.log(...words);
const fields = (metadata) => {
  const all = [];
  for (const name of Object.keys(metadata?.getMap() ?? {}).sort()) {
    if (name === 'date') continue;
    all.push(name + '=' + metadata.get(name).map((v) => (Buffer.isBuffer(v) ? v.toString('hex') : v)).join(','));
  }
  return all.join(' ');
};

const unary = (name, message, options, asked) => new Promise((resolve) => {
  let head, err, out;
  const call = client[name](message, asked ?? new grpc.Metadata(), options ?? {}, (e, m) => { err = e; out = m; });
  call.on('metadata', (m) => { head = m; });
  call.on('status', (s) => setImmediate(() => resolve({ err, out, head, status: s })));
});
const tell = (message, r) => say('unary', JSON.stringify(message.slice(0, 20)), r.out?.length, r.out?.slice(0, 20), r.status.code, JSON.stringify(r.status.details), 'head', fields(r.head), 'trailers', fields(r.status.metadata));
const ask = async (what) => (await unary('unary', what, { deadline: Date.now() + 30000 })).out;

const asked = new grpc.Metadata();
asked.add('x-ask', '1');
asked.add('x-ask', '2');
asked.add('x-ask-bin', Buffer.from([0, 1]));
tell('hello', await unary('unary', 'hello', {}, asked));
const large = 'large'.repeat(100000);
tell(large, await unary('unary', large));
for (let code = 1; code <= 16; code++) {
  tell('fail ' + code, await unary('unary', 'fail ' + code));
}
const unknown = await unary('none', '');
say('unknown:', unknown.status.code, unknown.status.details);

// The server has the same deadline: on a busy machine its reset comes before the client's own clock strikes.
const late = (await unary('unary', 'late', { deadline: Date.now() + 200 })).status.code;
say('deadline:', late === 1 ? 4 : late);
const call = client.unary('wait', () => {});
const cancelled = new Promise((resolve) => call.on('status', resolve));
await ask('begun');
call.cancel();
say('cancelled:', (await cancelled).code);
say('the server saw', JSON.stringify(await ask('ended')));

for (const name of streams) {
  await new Promise((resolve) => {
    const s = client[name]();
    let n = 0;
    let last = '';
    s.on('data', (m) => {
      if (name !== 'Up' && m !== String(n)) say(name, 'message', n, 'is', m);
      last = m;
      n++;
    });
    s.on('error', () => {}); // the status tells it
    s.on('status', (status) => {
      say(name, n, 'messages, the last', JSON.stringify(last), status.code, JSON.stringify(status.details), 'trailers', fields(status.metadata));
      resolve();
    });
    if (name === 'Up' || name === 'Both' || name === 'Halfway') {
      for (let i = 0; i < count; i++) s.write(String(i));
    }
    if (name !== 'Early') s.end();
  });
}
client.close();
