import restify from 'restify';

const server = restify.createServer({ name: 'shop' });
server.use(restify.plugins.bodyParser());
server.use(restify.plugins.acceptParser(server.acceptable));
server.get('/api/items', (req, res, next) => { res.send([{ id: 1 }]); next(); });
server.post('/api/items', (req, res, next) => { res.send(201, { id: 7 }); next(); });
server.get('/api/items/:id', (req, res, next) => { res.send({ id: 1 }); next(); });
server.del('/api/items/:id', (req, res, next) => { res.send(204); next(); });
server.get('/redirect', (req, res, next) => res.redirect('/api/items', next));
server.get('/error', (req, res, next) => { next(new Error("shop is closed")); });
server.get('/*', restify.plugins.serveStatic({ directory: process.env.WORK, default: 'index.html' }));
server.listen(+process.env.PORT, '127.0.0.1');
