/** Whether a text is a URL whose user and password can be decoded: a `%` in a password must be written as `%25`. */
export function isReadable(text: string): boolean {
  try {
    const { username, password } = new URL(text);
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}
