/** A service of a compose file, as the loader of docker compose normalises it, in the arguments of `podman create`. */

export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly args?: Record<string, string> };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly [key: string]: unknown;
}

export interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
}

interface Health {
  /** A text is for the shell. */
  readonly test: string | readonly ['CMD' | 'CMD-SHELL', ...string[]];
  readonly interval: string;
  readonly timeout: string;
  readonly retries: number;
  readonly start_period: string;
}

interface Volume {
  readonly type: 'bind' | 'volume';
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
}

interface Port {
  readonly host_ip: string;
  readonly published: string;
  readonly target: number;
}

/** Each returns the arguments for the value of one key. A key that is not here is an error: it would be forgotten. */
const OPTIONS: Readonly<Record<string, (value: never, project: string, service: string) => readonly string[]>> = {
  cap_drop: (names: readonly string[]) => names.map((name) => `--cap-drop=${name}`),
  environment: (env: Record<string, string>) => Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
  healthcheck: ({ test, interval, timeout, retries, start_period }: Health) => [
    `--health-cmd=${typeof test === 'string' ? test : test[0] === 'CMD' ? JSON.stringify(test.slice(1)) : test[1]}`,
    ...[`--health-interval=${interval}`, `--health-timeout=${timeout}`, `--health-retries=${retries}`],
    `--health-start-period=${start_period}`,
  ],
  // podman rotates by size, and keeps one file.
  logging: ({ driver, options }: { driver: string; options: Record<string, string> }) => [
    `--log-driver=${driver}`,
    `--log-opt=max-size=${options['max-size']}`,
  ],
  mem_limit: (bytes: string) => [`--memory=${bytes}`],
  network_mode: (mode: string, project) => [`--network=container:${project}-${mode.replace(/^service:/, '')}`],
  networks: (_: { default: null }, project, service) => [`--network=${project}_default`, `--network-alias=${service}`],
  ports: (ports: readonly Port[]) =>
    ports.map(({ host_ip, published, target }) => `--publish=${host_ip}:${published}:${target}`),
  read_only: (value: boolean) => [`--read-only=${value}`, '--read-only-tmpfs=false'],
  restart: (policy: string) => [`--restart=${policy}`],
  security_opt: (options: readonly string[]) => options.map((option) => `--security-opt=${option}`),
  stop_grace_period: (duration: string) => [`--stop-timeout=${seconds(duration)}`],
  stop_signal: (signal: string) => [`--stop-signal=${signal}`],
  tmpfs: (paths: readonly string[]) => paths.map((path) => `--tmpfs=${path}`),
  user: (user: string) => [`--user=${user}`],
  volumes: (volumes: readonly Volume[], project) =>
    volumes.map(({ type, source, target, read_only }) =>
      [`--volume=${type === 'volume' ? `${project}_${source}` : source}`, target, read_only ? 'ro' : 'rw'].join(':'),
    ),
};
/** What does not become an argument, or is the end of the command line. */
const ELSEWHERE = ['build', 'command', 'depends_on', 'entrypoint', 'image', 'scale'];

function seconds(duration: string): number {
  const [, minutes = '0', rest = '0'] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return Number(minutes) * 60 + Number(rest);
}

/** The arguments after `podman create --name=PROJECT-SERVICE`. @throws Error for a key that has no translation */
export function composeArguments({ name: project, services }: ComposeFile, service: string): readonly string[] {
  const { image, command, ...rest } = services[service] as ComposeService;
  const args = Object.entries(rest)
    .filter(([key, value]) => !ELSEWHERE.includes(key) && value !== null)
    .flatMap(([key, value]) => {
      const option = OPTIONS[key];
      if (option === undefined) throw new Error(`${service} has the key ${key}, which has no translation`);
      return option(value as never, project, service);
    });
  return [...args, image, ...((command as readonly string[] | null | undefined) ?? [])];
}

/** Every service after those that it depends on. */
export function startOrder({ services }: ComposeFile): readonly string[] {
  const order: string[] = [];
  const visit = (name: string): void => {
    if (order.includes(name)) return;
    for (const needed of Object.keys(services[name]?.depends_on ?? {})) visit(needed);
    order.push(name);
  };
  for (const name of Object.keys(services)) visit(name);
  return order;
}
