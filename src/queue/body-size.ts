/** @throws RangeError for a body that is larger than what the queue takes, in bytes */
export function requireBodySize(queueName: string, { byteLength }: Uint8Array, maxBodyBytes: number): void {
  if (byteLength > maxBodyBytes)
    throw new RangeError(`the queue ${queueName} takes at most ${maxBodyBytes} bytes for a job, got ${byteLength}`);
}
