use strict;
use warnings;
use Plack::App::File;
use Plack::Builder;

my $files = Plack::App::File->new(root => $ENV{WORK})->to_app;
builder {
    enable 'ContentLength';
    enable 'ConditionalGET';
    sub {
        my ($env) = @_;
        my $path = $env->{PATH_INFO};
        my $method = $env->{REQUEST_METHOD};
        return [ 204, [], [] ] if $path =~ m{^/api/items/} && $method eq 'DELETE';
        return [ $method eq 'POST' ? 201 : 200, [ 'Content-Type' => 'application/json' ], ['[{"id":1}]'] ] if $path =~ m{^/api/items};
        die 'shop is closed' if $path eq '/error';
        return [ 302, [ Location => '/api/items' ], [] ] if $path eq '/redirect';
        return [ 200, [ 'Content-Type' => 'text/plain', 'Set-Cookie' => 'lang=de; path=/' ], ['ok'] ] if $path eq '/cookie';
        $env->{PATH_INFO} = '/index.html' if $path eq '/';
        return $files->($env);
    };
};
