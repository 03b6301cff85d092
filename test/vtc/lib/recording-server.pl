# An HTTP/1.1 server on a Unix socket that writes every request it receives to a file, byte for byte.
#
# usage: perl recording-server.pl SOCKET FILE [RESPONSE] [END]
# Request number N goes to FILE.N as soon as it is complete, which is when it matches the regular expression END (default:
# an empty line); then RESPONSE is sent (default: an empty 200) and the connection ends. Both arguments may use \r and \n.
# Runs until it is killed.
use strict;
use warnings;
use Socket;

my ($path, $file, $response, $end) = @ARGV;
$response //= '';
$response = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' if $response eq '';
$response =~ s/\\r/\r/g;
$response =~ s/\\n/\n/g;
$end //= '\r\n\r\n';
$SIG{PIPE} = 'IGNORE';
socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
bind($listener, sockaddr_un("$path.new")) or die "bind: $!";
listen($listener, 50) or die "listen: $!";
rename("$path.new", $path) or die "rename: $!";

my $request = 0;
while (accept(my $client, $listener)) {
    my $input = '';
    1 while $input !~ /$end/ && sysread($client, $input, 65536, length $input);
    my $name = "$file." . ++$request;
    open(my $record, '>', "$name.new") or die "open: $!";
    print {$record} $input;
    close($record);
    rename("$name.new", $name);
    syswrite($client, $response);
    close($client);
}
