/** The members of a W3C baggage: https://www.w3.org/TR/baggage/ */

/** A member as it was written, with its properties: `tenant=acme;ttl=5`. */
export interface Member {
  readonly key: string;
  readonly value: string;
  readonly text: string;
}

export const MAX_BAGGAGE_LENGTH = 8_192;
export const MAX_BAGGAGE_MEMBERS = 64;

const MEMBER = /^([!#$%&'*+\-.^_`|~\w]+)[ \t]*=[ \t]*([!-+\--:<-~]*)[ \t]*(?:;[ \t!-+\--~]*)?$/;

/** The members that can be sent on. A text that is too long has none. */
export function membersOf(baggage: string | undefined): readonly Member[] {
  if (baggage === undefined || baggage.length > MAX_BAGGAGE_LENGTH) return [];
  return baggage.split(',', MAX_BAGGAGE_MEMBERS).flatMap((part) => {
    const text = part.trim();
    const [, key, value] = MEMBER.exec(text) ?? [];
    return key === undefined || value === undefined ? [] : [{ key, value, text }];
  });
}

/** The first member of each key. A member that is above the limits is left out whole. */
export function joinMembers(members: readonly Member[]): string {
  const known = new Set<string>();
  let joined = '';
  for (const { key, text } of members) {
    const longer = joined === '' ? text : `${joined},${text}`;
    if (known.has(key) || known.size >= MAX_BAGGAGE_MEMBERS || longer.length > MAX_BAGGAGE_LENGTH) continue;
    known.add(key);
    joined = longer;
  }
  return joined;
}
