export const METRICS_PATH = '/metrics';

/** The address of the metrics: the path of an address without one is `/metrics`. */
export function metricsAddress(url: string): string {
  const address = new URL(url);
  if (address.pathname === '/') address.pathname = METRICS_PATH;
  return address.href;
}
