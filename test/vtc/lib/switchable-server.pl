# An HTTP/1.1 server on a Unix socket whose health a test switches.
#
# usage: perl switchable-server.pl SOCKET FILE
# Answers OPTIONS (the request of health checks) with 200 while FILE exists and with 503 while it does not, and any other
# request with the body "active". One request a connection. Runs until it is killed.
use strict;
use warnings;
use Socket;

my ($path, $file) = @ARGV;
$SIG{PIPE} = 'IGNORE';
socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
bind($listener, sockaddr_un("$path.new")) or die "bind: $!";
listen($listener, 50) or die "listen: $!";
rename("$path.new", $path) or die "rename: $!";

while (accept(my $client, $listener)) {
    my $input = '';
    1 while $input !~ /\r\n\r\n/ && sysread($client, $input, 65536, length $input);
    my ($status, $body) = $input !~ /^OPTIONS / ? (200, 'active') : -e $file ? (200, '') : (503, '');
    syswrite($client, "HTTP/1.1 $status Status\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
    close($client);
}
