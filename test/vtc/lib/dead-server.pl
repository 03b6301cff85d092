# A server whose backlog is full: the kernel drops further connection requests, as if its host were dead.
#
# usage: perl dead-server.pl FILE MODE [TIMEOUT]
# Writes to FILE a section "backend be" of MODE (tcp or http) with this server, named "dead", without retries, with "option
# abortonclose" and "timeout connect" TIMEOUT (default 150ms), for a second -f of the program. Runs until it is killed.
use strict;
use warnings;
use Socket;

my ($file, $mode, $timeout) = @ARGV;
$timeout //= '150ms';
socket(my $listener, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
bind($listener, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
# A backlog of 0 leaves room for exactly one connection that nobody accepts.
listen($listener, 0) or die "listen: $!";
my ($port) = sockaddr_in(getsockname($listener));
socket(my $client, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
connect($client, sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!";

open(my $config, '>', "$file.new") or die "open: $!";
print {$config} <<"END";
defaults
    timeout connect $timeout
    timeout server 5s
    retries 0
    option abortonclose

backend be
    mode $mode
    server dead 127.0.0.1:$port
END
close($config);
rename("$file.new", $file) or die "rename: $!";
sleep(3600);
