/**
 * The shapes of credentials in texts, as secret scanners know them. A shape is recognised by its beginning, by the name
 * before it or by its place, never by how random it looks: hashes and ids must stay readable.
 *
 * Each pattern is bounded where it can be retried: a hostile text must not make it slow.
 */

/** Replaces what a shape finds; the text around the secret, such as its name, stays. */
type Shape = readonly [pattern: RegExp, replacement: string | ((match: string, ...groups: string[]) => string)];

const REDACTED = '[redacted]';

/**
 * Shapes that find nothing in a text in which `needs` finds nothing. To look for `needs` is quick, and most texts have
 * none of them: they are not searched for the shapes.
 */
export interface Group {
  readonly needs: RegExp;
  readonly shapes: readonly Shape[];
}

const ESCAPE = String.raw`\\[nrt]|%[0-9A-F]{2}|\\u[0-9a-f]{4}`;
/** Not inside a word. The letter of an escape (`\n`, `%3D`) is not part of the word after it. */
const START = `(?:(?<![A-Za-z0-9])|(?<=${ESCAPE}))`;

/** Beginnings that nothing but a credential has. */
const CERTAIN = String.raw`
  gh[opsur]_ github_pat_ gl[a-z]{1,5}-(?=[\w-]{20}) glpat- glsa_ GR1348941 xox[a-z](?:\.xox[a-z])?- xapp-
  A[KS]IA ABIA ACCA AIza ya29\. GOCSPX- AQVN t1\.9euelZ do[opr]_v1_ fo1_ HRKU- nf[a-z]_(?=[A-Za-z0-9]{30})
  [prs]k_(?:live|test|prod)_ sk_(?=[0-9a-f]{48}) whsec_ sq0[a-z]{3}- FLWSECK[_-] duffel_(?:live|test)_
  shippo_(?:live|test)_ access-(?:production|development|sandbox)-(?=[0-9a-f]{8}-) live_(?=\w{0,20}\d)(?=[A-Za-z0-9]{9})(?=[\w-]{35})
  gsk_ pplx- nvapi- tgp_v1_ lsv2_[a-z]{2}_ pcsk_ [ps]k-lf- sk-(?=(?:ant|proj|or|svcacct|admin|live|test)-)
  sess-(?=[A-Za-z0-9]{40}) wandb_v\d_ dckr_[po]at_ CLOJARS_ oy2(?=[a-z0-9]{43}) pul-(?=[0-9a-f]{40}) dnkey-
  hv[brs]\. dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[\w-]{2,35}\.)? tskey- AGE-SECRET-KEY- p8e-(?=[a-z0-9]{32}) shp[a-z]{2}_
  lin_(?:api|oauth)_ figd_ fio-u- PMAK- CCIPAT_ sntryu_ NR(?:AK|II|JS)- pscale_(?:tkn|pw|oauth)_ sbp_ sb_secret_
  xkeysib- xsmtpsib- apify_api_ AT[AC]TT ATBB(?=\w{24}) dt0c\d\d\. sg[ps]_(?=[0-9A-Fa-f]{16}) slk_(?=[0-9a-f]{16})
  sq[apu]_(?=[0-9a-f]{40}) sm_[aps]at_ pnu_ rdme_ tfp_ vc[a-z]_(?=[A-Za-z0-9]{24}) tk-us-(?=[\w-]{40}) ico-(?=[A-Za-z0-9]{32})
  s-s4t2(?:ud|af)- (?:sdk|mob|api|pat-[a-z]{2,3}\d)-(?=[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}) sha256~ AKCp(?=\w{60}) cmVmd(?=\w{59})
  endr\+ sl\.u\.
`;

/** Beginnings that words and names have too: what follows must have a digit or a capital, or be one long word. */
const LIKELY = String.raw`
  [prs]k- hf_ api_org_ r8_ xai- fw_ csk- jina_ tvly- npm_ pypi- rubygems_ ntn_ secret_ e2b_ ph[cx]_ rpa_ EZ[AT]K LTAI EAA
  AQ\. sl\. 1//0 fc- pa-
`;

/** Credentials that are known by their whole form. All have 24 characters at least. */
const WHOLE = String.raw`
  A3-[A-Z0-9]{6}-[A-Z0-9]{6}-?[A-Z0-9]{5}(?:-[A-Z0-9]{5}){3} pat\w{14}\.[0-9a-f]{64} [ps]at\.[\w-]{22}\.[0-9A-Za-z]{24}\.\w{20}
  \w{14}\.atlasv1\.[\w=-]{60,} (?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][\w-]{10,32}\.[\w+/=-]{30,}
  v1\.0-[0-9a-f]{24}-[0-9a-f]{64,} [0-9a-f]{32}-us\d{1,2} [0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8} [0-9a-f]{32}\.[A-Za-z0-9]{16}
  \w{6}_\w{29}_mmk [0-9a-f]{36,40}NRAL \d{15,16}\|[\w-]{27,} A{20,}[\w%]{50,} API-[A-Z0-9]{26} 4b1d[A-Za-z0-9]{38}
  md-(?=[\w-]{0,21}\d)(?=[\w-]{0,21}[A-Z])[\w-]{22} s\.(?=[A-Za-z]{0,23}\d)[A-Za-z0-9]{24}
  YC(?=[\w-]{0,37}\d)[\w-]{38} ZXlK[\w+/\\-]{40,}=*
  ey[A-Za-z0-9]{17,}\.ey[\w/\\-]{17,}\.[\w/\\-]{10,}=*
`;

const anyOf = (patterns: string) => patterns.trim().split(/\s+/).join('|');

const REST = String.raw`(?:\.[\w*-]+)*=*`;

/** Names whose value is a credential. They may stand at the end of a longer name: `DB_PASSWORD`, `x-api-key`. */
const NAME = [
  ...[
    'pass(?:(?:word|wd|phrase|code)s?|(?<=[-_."\']pass)|(?==|: ?["\']))',
    'pwd',
    'pw(?<=[a-z]_pw)',
    'secrets?(?<!\\d{12}:secret)',
  ],
  ...['token(?<!unexpected token)', 'auth(?<![a-z]auth)', 'jwt', 'bearer', 'credentials?'],
  ...['phpsessid', 'jsessionid', 'sessionid(?==)', '_\\w{1,40}_session(?==)', 'connect\\.sid'],
  '(?:api|access|secret|private|account|encryption|signing|master|licen[cs]e|subscription|auth|client|consumer|storage|functions' +
    '|admin|ai|fastly|webhook|deploy|ssh|hmac|cipher|session|security)[-_. ]?key(?:[-_]base)?',
].join('|');

const QUOTE = String.raw`(?:\\*["'\x60]|%2[27]|&quot;)`;
/** Between a name and its value: `=`, `": "`, `\":\"`, `%3D`, `' => '`, `', '`. */
const BETWEEN = String.raw`(?:${QUOTE}?\]?[ \t]{0,4}(?::?=>?|->|:|%3[AD])[ \t]{0,4}|["'][ \t]{0,4},[ \t]{0,4}(?=["']))`;
const VALUE = [
  String.raw`"(?:[^"\\\r\n]|\\[^\r\n])*`,
  String.raw`'(?:[^'\\\r\n]|\\[^\r\n])*`,
  String.raw`\x60[^\x60\r\n]*`,
  String.raw`\\+["'](?:[^"'\\\r\n]|\\+[^"'\\\r\n])*`,
  String.raw`(?:%2[27]|&quot;)(?:(?!%2[27]|&quot;)[^\s"'])*`,
  String.raw`(?<=%3[AD])(?:(?!%(?:2[0267C]|3B))[^\s"'&])+`,
  // Not quoted: it ends where the next `name=` begins, or the text around it ends.
  String.raw`(?![[({])(?:[^\s"'\x60,;&\\<]|["'](?=\w)|[,;&](?!\s|$|["']|[\w .-]{1,40}[=:]|amp;)|\\(?![nrt"'])|<(?!\/))+`,
].join('|');

const OPENING = new RegExp(`^${QUOTE}`, 'i');
/** What stands after a name in plain sentences, in types and in settings. */
const WORDS =
  /^(?:|is|was|are|has|too|must|should|can(?:not)?|may|not|no|none|null|undefined|nil|true|false|empty|missing|required|invalid|valid|expired|wrong|incorrect|unknown|failed|failure|denied|rejected|revoked|error|ok|yes|on|off|string|number|boolean|object|unknown|any|token|include|omit|set|\$\d{1,2}|same-origin|auto|optional|disabled|enabled|the|a|an|for|of|to|and|or|in)$/i;

function hideValue(match: string, name: string, between: string, value: string): string {
  const opening = OPENING.exec(value)?.[0] ?? '';
  const word = value.slice(opening.length).replace(/[.,:;!?)\]}]+$/, '');
  const counts = /^(?:token|pass)$/i.test(name) && /^\d{1,5}$/.test(word);
  const isFolder = name === 'PWD' && word.startsWith('/');
  if (counts || isFolder || !/\w/.test(word) || WORDS.test(word)) return match;
  return `${name}${between}${opening}${REDACTED}`;
}

/** In a sentence there is only the word before: what follows must not look like a word, a number or a path. */
function hideInSentence(match: string, before: string, value: string): string {
  const word = value.replace(/[.:!?]+$/, '');
  if (word.length < 6 || !/\d/.test(word) || !/[a-z]/i.test(word)) return match;
  return /^(?:[\d.,]+[a-z%]{0,3}|\.{0,2}\/.*|\w+:\/\/.*)$/i.test(word) ? match : `${before}${REDACTED}`;
}

const hideBasic = (match: string, scheme: string, value: string) =>
  value.length >= 24 || Buffer.from(value, 'base64').includes(':') ? `${scheme}${REDACTED}` : match;

const SENTENCE_NAME =
  'api[-_ ]?key|(?:secret |private )?access[-_ ]?key|secret(?:[-_ ]key)?|private[-_ ]?key|(?<!unexpected )token|password|passphrase|passwd|credentials?';
const PARAMETER =
  'key|k|sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)|oauth_signature|hmac|sas|code(?==[^&\\s]{12})|auth|appid|pass|pwd|pw|sid|session|ticket|assertion|client_assertion|awsaccesskeyid|user_?pass';
const PEM = `(?:[A-Z0-9]|[ +]|%20){0,40}PRIVATE(?:[ +]|%20)KEY(?:(?:[ +]|%20)BLOCK)?-{5}`;
const SCHEME = '[\\w-]{0,30}(?:key|token)|Bearer|Basic|Bot|JWT|SSWS|Splunk|Negotiate|NTLM|SharedKey(?:Lite)?';

const TOKENS = [
  `(${anyOf(CERTAIN)})[\\w*=-]{6,}${REST}`,
  `(${anyOf(LIKELY)})(?:(?=[a-z-]{0,40}[A-Z\\d*])(?=[A-Za-z]{0,40}[\\d*]|[\\w-]{16})[\\w*-]{8,}|[A-Za-z]{16,}[\\w*-]*)${REST}`,
  '(ABSK|bedrock-api-key-|glc_|ops_|sntrys_|fm[12][a-z]?_)(?=[\\w+/]{0,60}\\d)[\\w*+/-]{20,}=*',
  'eyJ(?:[\\w-]{4,}(?:\\.[\\w-]+){1,4}\\.?|[\\w+/-]{16,}=*)',
  '(SG\\.)(?:[\\w-]{8,}\\.[\\w-]{8,}|[\\w.=-]{60,})',
  '(re_)[A-Za-z0-9]{6,12}_[A-Za-z0-9]{16,}',
  '(key-|AC|SK|dapi)(?:[0-9a-fA-F]{32}|(?<=key-)[0-9a-z]{32})(?![A-Za-z0-9])',
  '([MNO])[\\w-]{23,27}\\.[\\w-]{6,7}\\.[\\w-]{27,}',
  '((?:bot)?\\d{6,12}:)[\\w-]{30,}',
].join('|');
const WHOLES = `(?=[\\w.|%-]{24})(?:${anyOf(WHOLE)})`;

export const GROUPS: readonly Group[] = [
  {
    needs: /BEGIN|Private-Lines/,
    shapes: [
      [
        /(-{4} BEGIN SSH2[A-Z ]{0,20} PRIVATE KEY -{4}|\bPrivate-Lines: \d+)[\s\S]*?(-{4} END SSH2|Private-MAC:|$)/g,
        `$1${REDACTED}$2`,
      ],
      [new RegExp(`(-{5}BEGIN${PEM})[\\s\\S]*?(-{5}END${PEM}|$)`, 'g'), `$1${REDACTED}$2`],
    ],
  },
  {
    needs: /@|%40/,
    shapes: [
      // Addresses: a password before the host, then one with a slash in it, then a token in the place of the user.
      [/((?:\\?\/){2})[^\s/?#"':[\]\\]{0,256}:(?:[^\s/?#"'@]{0,512}@)+/g, `$1${REDACTED}@`],
      [
        /((?:\\?\/){2})[^\s/?#"'@:[\]\\]{0,256}:(?!\d{1,5}(?:[\s/?#"'<>)\]},;\\:]|$))[^\s@]{1,512}@(?=[\w[])/g,
        `$1${REDACTED}@`,
      ],
      [/((?:\\?\/){2})(?=[^\s/?#"'@:\\]{0,64}\d)[^\s/?#"'@:\\]{16,256}@/g, `$1${REDACTED}@`],
      [/(%2F%2F)[^\s%]{0,256}%3A(?:(?!%40)\S){1,512}%40/gi, `$1${REDACTED}%40`],
    ],
  },
  {
    needs: /[^\s:@/"']@(?:[\w.-]{1,253}:\d|tcp\(|unix\()/,
    shapes: [
      [/(?<![\w/:@.-])[\w.-]{1,64}:[^\s:@/"']{3,128}@(?=[\w.-]{1,253}:\d{2,5}\b|(?:tcp|unix)\()/g, `${REDACTED}@`],
    ],
  },
  {
    needs: /jdbc:|\.com\/|=|%3D/i,
    shapes: [
      [/(jdbc:oracle:\w{1,10}:)[^/\s]{1,64}\/[^@\s]{1,128}@/gi, `$1${REDACTED}@`],
      [/(\bhooks\.slack(?:-gov)?\.com\/\w+\/)[^\s"'<>)\\]+/gi, `$1${REDACTED}`],
      [/(\bdiscord(?:app)?\.com\/api\/(?:v\d+\/)?webhooks\/\d+\/)[\w-]+/gi, `$1${REDACTED}`],
      [
        /(\b(?:webhook\.office\.com|outlook\.office(?:365)?\.com|hooks\.zapier\.com)\/\w+\/)[^\s"'<>)\\]+/gi,
        `$1${REDACTED}`,
      ],
      [/(\bmaker\.ifttt\.com\/\S{1,100}?\/key\/)[\w-]+/gi, `$1${REDACTED}`],
      [
        new RegExp(`((?:[?&;]|%3F|%26|\\\\u0026)(?:${PARAMETER})(?:=|%3D))(?:(?!%26)[^&\\s"'<>#;\\\\])+`, 'gi'),
        `$1${REDACTED}`,
      ],
    ],
  },
  {
    // What `fetch` says of a header's value, such as a key with a line end in it.
    needs: /invalid header value/,
    shapes: [[/(Headers\.\w+: ")[\s\S]*(" is an invalid header value)/g, `$1${REDACTED}$2`]],
  },
  {
    needs: /authorization|cookie|(?:bearer|bot|token|apikey|ssws|basic)[ \t+%]|(?:signature|response|mac)=/i,
    shapes: [
      // Headers. Some schemes have several parts: they end with the line, or with the quote of a command line.
      [
        new RegExp(
          `(authorization${BETWEEN}${QUOTE}?(?:Digest|Hawk|OAuth|Signature|AWS4-[\\w-]{1,30})\\s)[^\\r\\n']*`,
          'gi',
        ),
        `$1${REDACTED}`,
      ],
      [new RegExp(`(authorization)(${BETWEEN}${QUOTE}?(?:${SCHEME})[ \\t]{1,4})([^\\s"'\\\\,;]+)`, 'gi'), hideValue],
      [
        new RegExp(
          `(authorization)(${BETWEEN})(?!${QUOTE}?(?:Digest|Hawk|OAuth|Signature|AWS4-|${SCHEME})[ \\t])(${VALUE})`,
          'gi',
        ),
        hideValue,
      ],
      [new RegExp(`(set-cookie2?${BETWEEN})\\[(?!redacted)[^\\]]*\\]?`, 'gi'), `$1${REDACTED}`],
      [new RegExp(`(cookie2?${BETWEEN}${QUOTE}?)[^\\r\\n"'=\\\\]{1,256}=[^\\r\\n"'\\\\]*`, 'gi'), `$1${REDACTED}`],
      [
        /\b(Bearer|Bot|Token|ApiKey|SSWS)([ \t]+|%20|\+)(?=[\w.~/-]{0,64}\d|[\w.~/-]{16})[\w.~+/-]{6,}=*/gi,
        `$1$2${REDACTED}`,
      ],
      [/\b(Basic(?:[ \t]+|%20))([A-Za-z0-9+/_-]{6,}(?:=|%3D)*)/gi, hideBasic],
      [/\b((?:signature|response|mac)=["']?)(?:[\w+/%-]{16,}|(?<=x-(?:amz|goog)-signature=)\w+)=*/gi, `$1${REDACTED}`],
    ],
  },
  {
    needs: new RegExp(`${ESCAPE}|A[KS]IA|(?:^|[^A-Za-z0-9])(?:${TOKENS}|${WHOLES})`),
    shapes: [
      // Credentials with a beginning of their own. The secret key of AWS often stands after its id.
      [/(A[KS]IA)[A-Z0-9]{12,}([\s:,;|/]{1,4})[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/g, `$1${REDACTED}$2${REDACTED}`],
      [new RegExp(`${START}(?:${TOKENS})`, 'g'), `$1$2$3$4$5$6$7$8${REDACTED}`],
      [new RegExp(`${START}${WHOLES}(?![A-Za-z0-9])`, 'g'), REDACTED],
    ],
  },
  {
    needs: /\dQ~|\$[2a156y]/,
    shapes: [
      [/[\w~.-]{3}\dQ~[\w~.-]{30,}/g, REDACTED],
      [/(\$(?:2[abxy]|argon2\w{1,2}|[156y])\$)[\w./$=,+-]{16,}/g, `$1${REDACTED}`],
    ],
  },
  {
    needs:
      /pass|pwd|_pw|secret|token|auth|jwt|bearer|credential|sess|connect\.sid|key|_pat|_creds|user[ \t]|identified by|(?:^|\s)-[pu]/i,
    shapes: [
      // Values after a name, in the order of how much the place says.
      [/((?:password|passwd|pwd|secret|token|api-?key)>)[^<]{1,512}(?=<\/)/gi, `$1${REDACTED}`],
      [
        /(\bkey=["'][\w.:-]{0,64}(?:password|secret|token|api-?key)["'][ \t]{1,64}value=["'])[^"'\r\n]{1,512}/gi,
        `$1${REDACTED}`,
      ],
      [/(;[ \t]{0,4}(?:password|pwd)[ \t]{0,4}=[ \t]{0,4})(?!["'])[^;"'\r\n]{1,256}(?=;)/gi, `$1${REDACTED}`],
      [new RegExp(`(${NAME})(${BETWEEN})(${VALUE})`, 'gi'), hideValue],
      [
        new RegExp(
          `\\b((?!PRIMARY|FOREIGN|CACHE|PARTITION|SORT|PUBLIC|IDEMPOTENCY)[A-Z][A-Z0-9_]{0,60}_(?:KEY|PAT|PASS|PW|CREDS))(${BETWEEN})(${VALUE})`,
          'g',
        ),
        hideValue,
      ],
      [
        /(--(?:[\w-]{0,40}-)?(?:password|passwd|pass|secret|token|(?:[\w-]{0,20})api-?key|key|user)[ \t]{1,4})(?!-)(["']?)[^\s"']+/gi,
        `$1$2${REDACTED}`,
      ],
      [/(\b(?:login|sshpass|mysql\w{0,8})\b[^\r\n]{0,200}?\s-p[ \t]{0,4})[^\s-]\S*/g, `$1${REDACTED}`],
      [/((?:^|\s)-u[ \t]{0,4}["']?[^\s:"']{0,128}:)[^\s"']+/g, `$1${REDACTED}`],
      [/(\b(?:password|passphrase|identified by)[ \t]{1,4}(["']))[^"'\r\n]{1,256}(?=\2)/gi, `$1${REDACTED}`],
      [/(\blogin[ \t]{1,4}\S{1,128}\s{1,4}password[ \t]{1,4})\S+/gi, `$1${REDACTED}`],
      [
        new RegExp(
          `(\\b(?:${SENTENCE_NAME})(?:[ \\t]{1,4}(?:provided|is|was|given|used|sent|received|value|for user)){0,3}:?[ \\t]{1,4}["'\`(]?)([^\\s"'\`,;()<>[\\]]+)`,
          'gi',
        ),
        hideInSentence,
      ],
    ],
  },
];
