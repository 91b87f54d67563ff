import { at } from './foreign.ts';

const NAME = /^[\w$.-]{1,64}$/;
const CODE = /^[A-Z][A-Z\d_]{1,63}$/;

/**
 * What a span may have of an error of `fetch` or of a client: its name, and the code of what caused it. Its words may quote
 * a header, an address or a prompt.
 */
export function withoutWords(error: unknown): { readonly name: string; readonly message: string } {
  const name = at(error, 'name');
  const codes = [at(error, 'code'), at(error, 'cause', 'code'), at(error, 'cause', 'cause', 'code')];
  const code = codes.find((each) => CODE.test(String(each)));
  return {
    name: typeof name === 'string' && NAME.test(name) ? name : typeof error,
    message: code === undefined ? 'the request or its reply failed' : `the request or its reply failed: ${code}`,
  };
}
