#!/bin/sh
# Prints pages of events as soon as there are any, and goes on where it was: HOOKYARD_URL=… HOOKYARD_TOKEN=… sh poll.sh
after=$(cat offset 2>/dev/null)
while page=$(curl -fsS --retry 10 --retry-connrefused -H "Authorization: Bearer $HOOKYARD_TOKEN" \
    "$HOOKYARD_URL/v1/events?wait=60${after:+&after=$after}"); do
    printf '%s\n' "$page"
    after=$(printf '%s\n' "$page" | sed -n 's/.*"next":"\([^"]*\)"}$/\1/p' | tail -n 1)
    printf '%s' "$after" > offset # After the page: what was not printed comes again.
done
