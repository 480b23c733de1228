// Each client asks for JSON, sends JSON and a form, follows a redirect, deletes,
// and meets a 404.
const url = process.env.URL;
const name = process.argv[2];
const ignore = (promise) => promise.catch(() => undefined);

const clients = {
  async fetch() {
    await (await fetch(url + '/api/items')).json();
    await fetch(url + '/api/items', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"cup"}' });
    await fetch(url + '/api/items', { method: 'POST', body: new URLSearchParams({ name: 'cup' }) });
    const form = new FormData();
    form.set('name', 'cup');
    await fetch(url + '/api/items', { method: 'POST', body: form });
    await fetch(url + '/api/items', { method: 'POST' });
    await fetch(url + '/redirect');
    await fetch(url + '/api/items/1', { method: 'DELETE' });
    await fetch(url + '/api/items/404');
  },
  async 'node-http'() {
    const { request } = await import('node:http');
    const ask = (path, options = {}, body = undefined) => new Promise((done, fail) =>
      request(url + path, options, (res) => res.resume().on('end', done)).on('error', fail).end(body));
    await ask('/api/items');
    await ask('/api/items', { method: 'POST', headers: { 'Content-Type': 'application/json' } }, '{"name":"cup"}');
    await ask('/api/items', { method: 'POST' });
    await ask('/api/items/1', { method: 'DELETE' });
  },
  async axios() {
    const axios = (await import('axios')).default;
    await axios.get(url + '/api/items', { params: { q: 'a b' } });
    await axios.post(url + '/api/items', { name: 'cup' });
    await axios.post(url + '/api/items', new URLSearchParams({ name: 'cup' }));
    await axios.post(url + '/api/items');
    await axios.get(url + '/redirect');
    await axios.delete(url + '/api/items/1');
    await ignore(axios.get(url + '/api/items/404'));
  },
  async got() {
    const got = (await import('got')).default;
    await got(url + '/api/items').json();
    await got.post(url + '/api/items', { json: { name: 'cup' } });
    await got.post(url + '/api/items', { form: { name: 'cup' } });
    await got.post(url + '/api/items');
    await got(url + '/redirect');
    await got.delete(url + '/api/items/1');
    await ignore(got(url + '/api/items/404'));
  },
  async undici() {
    const { request } = await import('undici');
    const ask = async (path, options) => (await request(url + path, options)).body.dump();
    await ask('/api/items');
    await ask('/api/items', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"cup"}' });
    await ask('/api/items', { method: 'POST' });
    await ask('/api/items/1', { method: 'DELETE' });
  },
  async superagent() {
    const agent = (await import('superagent')).default;
    await agent.get(url + '/api/items');
    await agent.post(url + '/api/items').send({ name: 'cup' });
    await agent.post(url + '/api/items').type('form').send({ name: 'cup' });
    await agent.post(url + '/api/items');
    await agent.get(url + '/redirect');
    await ignore(agent.get(url + '/api/items/404'));
  },
};
await clients[name]();
process.exit(0);
