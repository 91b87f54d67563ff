/** What a worker tells of a job beside its output: its producer counts it, or decides by it. */
import type { DollarUse, Standing } from '../ledger/account.ts';
import type { CallPlan, Charge } from '../ledger/charge.ts';
import { type SoundUsage, soundUsage, type Usage } from '../ledger/usage.ts';
import { copyText } from '../platform/copy-text.ts';
import { OUTCOMES, type Outcome } from '../telemetry/semconv.ts';
import { finite, flag, type Guard, having, listOf, maybe, oneOf, type Shape, text, whole } from './shape.ts';

/** What the end of a job tells. */
export interface Told extends Dollars {
  readonly workflows?: readonly WorkflowEnds[] | undefined;
  /** Whether the work may have had an effect that its result does not tell of. */
  readonly inDoubt?: boolean | undefined;
}

/** What became of dollars. */
export interface Dollars {
  /** The dollars of calls that a policy around the call may still drop, by what became of the calls. */
  readonly open?: Readonly<Partial<Record<Standing, number>>> | undefined;
  /** The dollars whose use is decided. */
  readonly decided?: Readonly<Partial<Record<DollarUse, number>>> | undefined;
}

/** Executions of one workflow that ended in one way. */
export interface WorkflowEnds {
  readonly name: string;
  readonly outcome: Outcome;
  /** How long each took; `null` where it is unknown. */
  readonly seconds: readonly (number | null)[];
  /** How many there were beside these, and how many seconds they took on average. */
  readonly more?: number | undefined;
  readonly mean?: number | undefined;
}

/** A charge, as a message has it: the usage is a list of numbers. */
export interface SentCharge extends Omit<Charge, 'usage'> {
  readonly usage: readonly number[] | undefined;
}

/** `ask`: the charge ends the reservation of that ask. Without it: those who want to know of each charge are told. */
export interface Spent {
  readonly ask?: number | undefined;
  readonly charge: SentCharge;
}

export type AskedPlan = Omit<CallPlan, 'dollarsFor'>;

/** So many workflow ends have their own durations in a message. */
export const MAX_EXACT_ENDS = 1_000;
/** So many different ones are in a message; the names of the others are not. */
export const MAX_WORKFLOW_GROUPS = 100;
export const MAX_SPENT_ITEMS = 16;
const MAX_NAME = 256;
/** So many workflow ends are counted beside these: each is recorded as a duration, one after the other. */
export const MAX_MORE_ENDS = 1_000_000;

const WORD = text(MAX_NAME);
const USAGE_KEYS = Object.keys(soundUsage({ inputTokens: 0, outputTokens: 0 })) as readonly (keyof Usage)[];

export const STANDINGS = ['answered', 'substituted', 'failed', 'superseded'] as const satisfies readonly Standing[];
export const DOLLAR_USES = [
  'answered',
  'retried',
  'fallback',
  'hedged',
  'aborted',
  'failed',
] as const satisfies readonly DollarUse[];

/** Dollars and seconds that a message may tell. Counters add them up: a larger one would be all that a counter ever shows. */
const MOST = 1e9;

function upTo(most: number): Guard<number> {
  return (value): value is number => finite(value) && value >= 0 && value <= most;
}

/** Bytes and tokens. */
const amount = upTo(Number.MAX_SAFE_INTEGER);
const seconds = upTo(MOST);
export const DOLLAR_AMOUNT = upTo(MOST);

function dollarsBy<K extends string>(keys: readonly K[]): Guard<Readonly<Partial<Record<K, number>>>> {
  return having(
    Object.fromEntries(keys.map((key) => [key, maybe(DOLLAR_AMOUNT)])) as Shape<Partial<Record<K, number>>>,
  );
}

/** What is sent of dollars, or of seconds. A sum that was too large for a number is none any more. */
export function sentAmount(value: number): number {
  return value <= MOST ? value : MOST;
}

const ENDS: Shape<WorkflowEnds> = {
  name: WORD,
  outcome: oneOf(...OUTCOMES),
  seconds: listOf((value): value is number | null => value === null || seconds(value), MAX_EXACT_ENDS),
  more: maybe(whole),
  mean: maybe(seconds),
};

export const DOLLARS: Shape<Dollars> = {
  open: maybe(dollarsBy(STANDINGS)),
  decided: maybe(dollarsBy(DOLLAR_USES)),
};

const GROUPS = listOf(having(ENDS), MAX_WORKFLOW_GROUPS);

export const TOLD: Shape<Told> = {
  workflows: maybe(
    (value): value is readonly WorkflowEnds[] =>
      GROUPS(value) && value.reduce((sum, { more = 0 }) => sum + more, 0) <= MAX_MORE_ENDS,
  ),
  inDoubt: maybe(flag),
  ...DOLLARS,
};

/** A newer program may know more kinds of tokens. */
export const USAGE = listOf(amount, 64);

const CHARGE: Shape<SentCharge> = {
  provider: WORD,
  model: WORD,
  outcome: oneOf('answered', 'failed', 'cancelled', 'superseded'),
  metering: oneOf('exact', 'partial', 'estimate', 'unknown'),
  usage: maybe(USAGE),
  dollars: maybe(DOLLAR_AMOUNT),
  pricedBy: maybe(oneOf('reply', 'author', 'reference', 'catalogue')),
};

export const SPENT = listOf(having<Spent>({ ask: maybe(whole), charge: having(CHARGE) }), MAX_SPENT_ITEMS);

export const PLAN = having<AskedPlan>({
  provider: WORD,
  model: maybe(WORD),
  requestBytes: maybe(amount),
  maxOutputTokens: maybe(amount),
  choices: maybe(amount),
});

export function sentCharge(charge: Charge): SentCharge {
  const { provider, model, usage, dollars } = charge;
  return {
    ...charge,
    provider: word(provider),
    model: word(model),
    usage: usage && sentUsage(usage),
    dollars: dollars && sentAmount(dollars),
  };
}

export function receivedCharge(charge: SentCharge): Charge {
  const { usage } = charge;
  return { ...charge, usage: usage && receivedUsage(usage), dollars: charge.dollars, pricedBy: charge.pricedBy };
}

export function sentUsage(usage: Usage): readonly number[] {
  const sound = soundUsage(usage);
  return USAGE_KEYS.map((key) => Math.min(sound[key], Number.MAX_SAFE_INTEGER));
}

export function receivedUsage(numbers: readonly number[]): SoundUsage {
  const given = Object.fromEntries(USAGE_KEYS.map((key, i) => [key, numbers[i] ?? 0]));
  return soundUsage(given as unknown as Usage);
}

export function sentPlan({ provider, model, requestBytes, maxOutputTokens, choices }: CallPlan): AskedPlan {
  return {
    provider: word(provider),
    model: model && word(model),
    requestBytes: amountOrNone(requestBytes),
    maxOutputTokens: amountOrNone(maxOutputTokens),
    choices: amountOrNone(choices),
  };
}

function amountOrNone(value: number | undefined): number | undefined {
  return amount(value) ? value : undefined;
}

/** A name as it may stand in a message. */
export function word(name: string): string {
  return name.length <= MAX_NAME ? name.toWellFormed() : copyText(name.slice(0, MAX_NAME));
}
