// Which server tracks which (manual 5.2 "track"), from the names that a generation gives. The configuration has made sure that names
// lead somewhere and chains end; what follows from the links is the servers' own.

import type { MonitoredBackend, MonitoredGeneration } from './monitored.ts';
import type { WatchedServer } from './watched-server.ts';

/** `watched`: every server that there is. Those of the generation that `applies` lets through are linked anew. */
export function linkTracks(
  { backends }: MonitoredGeneration,
  watched: WatchedServers,
  applies: (server: WatchedServer) => boolean,
): void {
  const byName = new Map(backends.map((backend) => [backend.name, backend]));
  const tracks = new Map<WatchedServer, WatchedServer | undefined>();
  for (const backend of backends) {
    for (const { slot, config } of backend.servers) {
      const server = watched.bySlot(slot)!;
      if (applies(server)) tracks.set(server, find(byName, watched, backend, config.track));
    }
  }
  // The head of a chain before those that follow it, so that what they inherit is there.
  const link = (server: WatchedServer): void => {
    if (!tracks.has(server)) return;
    const tracked = tracks.get(server);
    tracks.delete(server);
    if (tracked !== undefined) link(tracked);
    server.track(tracked);
  };
  for (const server of tracks.keys()) link(server);
  const trackers = new Map<WatchedServer, WatchedServer[]>();
  for (const server of watched.all()) {
    const { tracked } = server;
    if (tracked === undefined) continue;
    const followers = trackers.get(tracked);
    if (followers === undefined) trackers.set(tracked, [server]);
    else followers.unshift(server);
  }
  for (const server of watched.all()) server.trackers = trackers.get(server) ?? [];
}

export interface WatchedServers {
  bySlot(slot: number): WatchedServer | undefined;
  all(): Iterable<WatchedServer>;
}

/** No generation has the server any more: its words may be another server's soon, so it must follow nobody. */
export function unlinkTracks(server: WatchedServer): void {
  const { tracked } = server;
  if (tracked !== undefined) tracked.trackers = tracked.trackers.filter((tracker) => tracker !== server);
}

/** `[<proxy>/]<server>` as seen from a backend. */
function find(
  byName: ReadonlyMap<string, MonitoredBackend>,
  watched: WatchedServers,
  backend: MonitoredBackend,
  track: string | undefined,
): WatchedServer | undefined {
  if (track === undefined) return undefined;
  const slash = track.lastIndexOf('/');
  const target = slash < 0 ? backend : byName.get(track.slice(0, slash));
  const server = target?.servers.find(({ config }) => config.name === track.slice(slash + 1));
  return server === undefined ? undefined : watched.bySlot(server.slot);
}
