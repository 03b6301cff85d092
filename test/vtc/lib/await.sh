#!/bin/sh
# Waits until the answer to a runtime command matches an extended regular expression, ten seconds at most.
#
# usage: await.sh ADDRESS:PORT|PATH COMMAND REGEX
# Prints the last answer when the time is over.
case $1 in
  /*) socket=UNIX-CONNECT:$1 ;;
  *) socket=TCP:$1 ;;
esac
end=$(($(date +%s) + 10))
while :; do
  answer=$(printf '%s\n' "$2" | socat -t 2 - "$socket" 2>/dev/null)
  printf '%s\n' "$answer" | grep -Eq -- "$3" && exit 0
  [ "$(date +%s)" -lt "$end" ] || { printf 'never seen: %s\nlast answer:\n%s\n' "$3" "$answer"; exit 1; }
  sleep 0.03
done
