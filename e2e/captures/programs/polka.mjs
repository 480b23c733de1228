import polka from 'polka';

const json = (res, status, value) => { res.writeHead(status, { 'Content-Type': 'application/json' }); res.end(JSON.stringify(value)); };
polka()
  .get('/api/items', (req, res) => json(res, 200, [{ id: 1 }]))
  .post('/api/items', (req, res) => json(res, 201, { id: 7 }))
  .get('/api/items/:id', (req, res) => json(res, 200, { id: 1 }))
  .delete('/api/items/:id', (req, res) => { res.statusCode = 204; res.end(); })
  .get('/redirect', (req, res) => { res.writeHead(302, { Location: '/api/items' }); res.end(); })
  .get('/error', () => { throw new Error('shop is closed'); })
  .get('/', (req, res) => res.end('shop'))
  .listen(+process.env.PORT, '127.0.0.1');
