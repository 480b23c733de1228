use Mojolicious::Lite -signatures;

app->static->paths([ $ENV{WORK} ]);
app->secrets(['shop']);
app->log->level('fatal');
app->mode('production');
get '/' => sub ($c) { $c->reply->static('index.html') };
get '/api/items' => sub ($c) { $c->render(json => [ { id => 1 } ]) };
post '/api/items' => sub ($c) { $c->render(json => $c->req->json // {}, status => 201) };
get '/api/items/:id' => sub ($c) { $c->param('id') eq '1' ? $c->render(json => { id => 1 }) : $c->reply->not_found };
del '/api/items/:id' => sub ($c) { $c->rendered(204) };
get '/error' => sub ($c) { die 'shop is closed' };
get '/redirect' => sub ($c) { $c->redirect_to('/api/items') };
get '/cookie' => sub ($c) { $c->session(lang => 'de'); $c->render(text => 'ok') };
app->start;
