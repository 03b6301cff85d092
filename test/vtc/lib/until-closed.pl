# Says something to a runtime socket, then nothing more, and prints what comes until the other side closes the connection.
#
# usage: perl until-closed.pl ADDRESS:PORT TEXT
# TEXT may hold \n. Fails when the connection is still open after 30 s.
use strict;
use warnings;
use IO::Socket::INET;

my ($address, $text) = @ARGV;
$text =~ s/\\n/\n/g;
$SIG{ALRM} = sub { print STDERR "still open\n"; exit 1 };
alarm 30;
my $socket = IO::Socket::INET->new(PeerAddr => $address) or die "connect: $!";
syswrite($socket, $text) == length $text or die "write: $!";
while (sysread($socket, my $piece, 65536)) { print $piece }
