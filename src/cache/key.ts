/** `namespace@version:`. Both are escaped, so that different pairs give different prefixes. */
export function keyPrefix(namespace: string, version: string): string {
  return `${namespace.replace(/[%@]/g, encodeURIComponent)}@${version.replace(/[%@:]/g, encodeURIComponent)}:`;
}
