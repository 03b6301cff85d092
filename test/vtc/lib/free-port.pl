# Finds free ports of loopback for listeners that the program opens itself, and writes a configuration file that names them.
#
# usage: perl free-port.pl FOLDER COUNT TEXT
# COUNT ports in a row; PORT in the text becomes the first, LAST the last of them. Writes FOLDER/own.cfg and FOLDER/port.
use strict;
use warnings;
use Socket qw(:DEFAULT AF_INET6 pack_sockaddr_in6 IN6ADDR_ANY);

my ($folder, $count, $text) = @ARGV;

# Free on both families; the sockets are closed when the program is told.
sub hold {
    my ($port) = @_;
    my @held;
    for my $name (pack_sockaddr_in($port, INADDR_ANY), pack_sockaddr_in6($port, IN6ADDR_ANY)) {
        my $family = sockaddr_family($name);
        socket(my $socket, $family, SOCK_STREAM, 0) or next;
        setsockopt($socket, 41, 26, pack('i', 1)) if $family == AF_INET6;    # IPV6_V6ONLY
        bind($socket, $name) or return;
        push @held, $socket;
    }
    return @held;
}

for my $try (1 .. 200) {
    my $first = 20_000 + int(rand(12_000));
    my @held = map { [hold($_)] } $first .. $first + $count - 1;
    next if grep { !@$_ } @held;
    my $last = $first + $count - 1;
    $text =~ s/\bPORT\b/$first/g;
    $text =~ s/\bLAST\b/$last/g;
    for my $file (['own.cfg', "$text\n"], ['port', $first]) {
        open(my $out, '>', "$folder/$file->[0]") or die "$folder/$file->[0]: $!";
        print $out $file->[1];
        close($out);
    }
    exit 0;
}
die "no $count free ports in a row\n";
