/** Opens the page of Studio, as it is built, in a real Chromium. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { StudioSpan } from '../../src/tools/studio/model/span.ts';
import type { Studio, StudioOptions } from '../../src/tools/studio/studio.ts';
import { component } from './component.ts';
import { traceRequest } from './studio-spans.ts';
import { build } from './tta.ts';

/** `undefined`: Chromium is not installed, and the tests that need it are skipped. */
export const chromiumPath = component('chromium');

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const builtStudio = pathToFileURL(resolve(import.meta.dirname, '../../dist/src/tools/studio/studio.js')).href;

export interface OpenOptions {
  /** @default 1280 */
  readonly width?: number;
  /** @default 800 */
  readonly height?: number;
  /** @default 'light' */
  readonly colours?: 'light' | 'dark';
  /** @default 'en-GB' */
  readonly locale?: string;
  /** @default 'Europe/Zurich' */
  readonly zone?: string;
  readonly reducedMotion?: boolean;
  /** Pixels of the screen for each of the page's. @default 1 */
  readonly scale?: number;
  /** A page that is too wide becomes smaller, as on a phone. @default false */
  readonly isPhone?: boolean;
  /** Messages on the browser's console that the test expects. Any other warning or error fails the test. */
  readonly expected?: RegExp;
}

export interface StudioInBrowser {
  readonly url: string;
  /** Sends spans as a program does. */
  send(...spans: readonly StudioSpan[]): Promise<void>;
  /** A new page with a profile of its own, at a path such as `/?status=failure`. It is closed after the test. */
  open(path?: string, options?: OpenOptions): Promise<Page>;
  /** Ends the server, and starts it again on the same port. */
  stop(): Promise<void>;
  restart(): Promise<void>;
}

/**
 * Has a Studio and a browser for the tests of a `describe`. A test fails when its pages wrote an error on the console, as
 * they do when something violates the content security policy.
 */
export function useStudio(options: StudioOptions = {}): StudioInBrowser {
  let browser: Browser | undefined;
  let studio: Studio | undefined;
  const start = async (port: number) => {
    const { startStudio } = (await import(/* @vite-ignore */ builtStudio)) as {
      startStudio: (options: StudioOptions) => Promise<Studio>;
    };
    studio = await startStudio({ ...options, port });
  };
  let problems: string[] = [];

  beforeAll(async () => {
    build();
    await start(0);
    browser = await chromium.launch({
      args: ['--no-sandbox'],
      ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    });
  });
  afterAll(async () => {
    await browser?.close();
    await studio?.close();
  });
  afterEach(async () => {
    const found = problems;
    problems = [];
    await Promise.all(browser?.contexts().map((context) => context.close()) ?? []);
    expect(found).toEqual([]);
  });

  const running = () => {
    if (studio === undefined) throw new Error('Studio is not running');
    return studio;
  };
  let url: string | undefined;
  return {
    get url() {
      url ??= running().url;
      return url;
    },
    async send(...spans) {
      const response = await fetch(`${running().url}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(traceRequest(spans)),
      });
      if (response.status !== 200) throw new Error(`Studio answered ${response.status}: ${await response.text()}`);
    },
    async open(path = '/', { width = 1280, height = 800, expected, ...given } = {}) {
      if (browser === undefined) throw new Error('The browser is not running');
      const context = await browser.newContext({
        viewport: { width, height },
        deviceScaleFactor: given.scale ?? 1,
        colorScheme: given.colours ?? 'light',
        locale: given.locale ?? 'en-GB',
        timezoneId: given.zone ?? 'Europe/Zurich',
        isMobile: given.isPhone === true,
        hasTouch: given.isPhone === true,
        reducedMotion: given.reducedMotion === true ? 'reduce' : 'no-preference',
      });
      const page = await context.newPage();
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => {
        const isProblem = message.type() === 'error' || message.type() === 'warning';
        if (isProblem && !expected?.test(message.text())) problems.push(message.text());
      });
      await page.goto(`${this.url}${path}`);
      return page;
    },
    async stop() {
      url ??= running().url;
      await running().close();
      studio = undefined;
    },
    async restart() {
      await start(Number(new URL(this.url).port));
    },
  };
}

/** What axe finds on the page: one line for each element. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
  });
}
