use strict;
use warnings;

my $url = $ENV{URL};
if ($ARGV[0] eq 'lwp') {
    require LWP::UserAgent;
    my $c = LWP::UserAgent->new;
    $c->get("$url/api/items");
    $c->post("$url/api/items", { name => 'cup' });
    $c->post("$url/api/items", 'Content-Type' => 'application/json', Content => '{"name":"cup"}');
    $c->post("$url/api/items");
    $c->get("$url/redirect");
    $c->delete("$url/api/items/1");
} else {
    require HTTP::Tiny;
    my $c = HTTP::Tiny->new;
    $c->get("$url/api/items");
    $c->post_form("$url/api/items", { name => 'cup' });
    $c->post("$url/api/items", { content => '{"name":"cup"}', headers => { 'Content-Type' => 'application/json' } });
    $c->post("$url/api/items");
    $c->get("$url/redirect");
    $c->delete("$url/api/items/1");
}
