# A TCP server that resets its connections.
#
# usage: perl resetting-server.pl FILE MODE [RESPONSE]
# Writes to FILE a section "backend be" of MODE (tcp or http) with this server, named "s1", for a second -f of the program.
# On every connection it waits for the first bytes, sends RESPONSE (default: nothing; \r and \n may be used), waits 100 ms
# so that the response is not lost with the connection, and resets it. Runs until it is killed.
use strict;
use warnings;
use Socket;

my ($file, $mode, $response) = @ARGV;
$response //= '';
$response =~ s/\\r/\r/g;
$response =~ s/\\n/\n/g;
$SIG{PIPE} = 'IGNORE';
socket(my $listener, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
bind($listener, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
listen($listener, 50) or die "listen: $!";
my ($port) = sockaddr_in(getsockname($listener));

open(my $config, '>', "$file.new") or die "open: $!";
print {$config} <<"END";
backend be
    mode $mode
    timeout connect 5s
    timeout server 5s
    server s1 127.0.0.1:$port
END
close($config);
rename("$file.new", $file) or die "rename: $!";

while (accept(my $client, $listener)) {
    sysread($client, my $input, 65536);
    syswrite($client, $response) if length $response;
    select(undef, undef, undef, 0.1);
    # Lingering for no time makes close send a reset instead of an end of stream.
    setsockopt($client, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
    close($client);
}
