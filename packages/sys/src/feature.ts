/** What this package can do only where the system allows it. */
export type Feature =
  | 'native' // koffi and a C library that it can call: everything below needs it
  | 'transparent' // IP_TRANSPARENT: CAP_NET_ADMIN or CAP_NET_RAW
  | 'mark' // SO_MARK: CAP_NET_ADMIN
  | 'bind-device' // SO_BINDTODEVICE
  | 'fastopen' // TCP_FASTOPEN with a server bit in net.ipv4.tcp_fastopen
  | 'capabilities' // capset and the ambient set
  | 'affinity' // sched_setaffinity

/** Whether a feature works here, and if not why and what to do about it. */
export type Support = { readonly supported: true } | { readonly supported: false; readonly why: string; readonly remedy: string }

/** Answers without side effects; the answer is computed once for each thread. */
export declare function support(feature: Feature): Support
/** Throws UnsupportedError where `support` says no. */
export declare function requireFeature(feature: Feature): void
