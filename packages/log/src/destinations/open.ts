/** From a target of the configuration to what sends its lines. Rings are not opened here: they belong to the ring sections. */

import { fstatSync } from 'node:fs';
import { isIP } from 'node:net';
import type { LogTarget } from '@evenkeel/config';
import { DescriptorWriter } from '@evenkeel/sys';
import { DatagramDestination } from './datagram.ts';
import { DescriptorDestination } from './descriptor.ts';
import type { Destination } from './destination.ts';
import { FileDestination } from './file.ts';
import { HostDestination, hostTarget } from './host.ts';

export type OpenedKind = Exclude<LogTarget['destination'], { readonly kind: 'ring' }>;

export function openDestination(where: OpenedKind): Destination {
  switch (where.kind) {
    case 'stdout':
      return descriptor(1);
    case 'stderr':
      return descriptor(2);
    case 'fd':
      return descriptor(where.fd);
    case 'file':
      return new FileDestination({ path: where.path });
    case 'unix':
      return new DatagramDestination({ family: 'unix', path: where.path });
    case 'abstract':
      return new DatagramDestination({ family: 'unix', path: `@${where.name}`, padded: true });
    case 'udp':
      return isIP(where.host) === 0
        ? new HostDestination(where.host, where.port)
        : new DatagramDestination(hostTarget(where.host, where.port));
  }
}

function descriptor(fd: number): Destination {
  try {
    return fstatSync(fd).isFile() ? new FileDestination({ fd }) : new DescriptorDestination(new DescriptorWriter(fd));
  } catch (error) {
    return new Nowhere(
      error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error),
    );
  }
}

/** A descriptor that is not open. */
class Nowhere implements Destination {
  readonly countsLineFeed = true;
  dropped = 0;
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }

  send(): void {
    this.dropped++;
  }

  flush(): void {}

  whenIdle(callback: () => void): void {
    callback();
  }

  close(): void {}
}

/** A destination as the configuration writes it: what makes two targets one. */
export function describeDestination(where: LogTarget['destination']): string {
  switch (where.kind) {
    case 'stdout':
      return 'stdout';
    case 'stderr':
      return 'stderr';
    case 'fd':
      return `fd@${where.fd}`;
    case 'file':
      return `file@${where.path}`;
    case 'unix':
      return where.path;
    case 'abstract':
      return `abns@${where.name}`;
    case 'udp':
      return where.host.includes(':') ? `[${where.host}]:${where.port}` : `${where.host}:${where.port}`;
    case 'ring':
      return `ring@${where.name}`;
  }
}
