# An HTTP/1.1 server on a Unix socket whose answers tell over which connection they went.
#
# usage: perl numbered-server.pl SOCKET
# Every response carries "X-Connection: N", the number of the connection in order of acceptance, and "X-Request: M", the
# number of the request on that connection. A request for a path that contains "close" is answered with
# "Connection: close" and ends its connection. Requests have no body. Runs until it is killed.
use strict;
use warnings;
use Socket;
use IO::Select;
use IO::Handle;

my ($path) = @ARGV;
$SIG{PIPE} = 'IGNORE';
socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
bind($listener, sockaddr_un("$path.new")) or die "bind: $!";
listen($listener, 50) or die "listen: $!";
# The name appears only when the socket already listens, so that waiting for the file is enough.
rename("$path.new", $path) or die "rename: $!";

my $select = IO::Select->new($listener);
my (%number, %requests, %input);
my $accepted = 0;
while (1) {
    for my $handle ($select->can_read) {
        if ($handle == $listener) {
            accept(my $client, $listener) or next;
            $select->add($client);
            $number{$client} = ++$accepted;
            $requests{$client} = 0;
            $input{$client} = '';
            next;
        }
        my $closing = !sysread($handle, $input{$handle}, 65536, length $input{$handle});
        while (!$closing && $input{$handle} =~ s/^(.*?)\r\n\r\n//s) {
            $closing = $1 =~ /^\S+ \S*close/;
            my $response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Connection: $number{$handle}\r\n"
                . 'X-Request: ' . ++$requests{$handle} . "\r\n" . ($closing ? "Connection: close\r\n" : '') . "\r\n";
            syswrite($handle, $response);
        }
        if ($closing) {
            $select->remove($handle);
            delete $_->{$handle} for \%number, \%requests, \%input;
            close($handle);
        }
    }
}
