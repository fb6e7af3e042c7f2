// What `--help` shows of a command: the options that most people need and two examples, on one screen; `--help-all` shows the
// rest. Suggestions for a mistyped option know all of them.

import { type Command, Help, Option } from 'commander';

export interface HelpPage {
  /** Names of the options that --help shows; left out: all. */
  readonly everyday?: readonly string[];
  /** Command lines that work as they stand, with what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

const RUN_EVERYDAY = [
  'only',
  'maxInFlight',
  'perOrigin',
  'rate',
  'deadline',
  'retries',
  'headerFile',
  'json',
  'quiet',
];

export const HELP_PAGES: Readonly<Record<string, HelpPage>> = {
  bench: {
    everyday: [
      'trials',
      'cores',
      'family',
      'connections',
      'delay',
      'origin',
      'strategy',
      'rounds',
      'report',
      'scenario',
      'json',
    ],
    examples: [
      ['spillway bench --trials 10000', 'ten thousand one-second answers, proved'],
      ['spillway bench --strategy all --trials 1000 --report reports', 'every strategy, compared'],
    ],
  },
  load: {
    everyday: [
      'connections',
      'requests',
      'duration',
      'rate',
      'warmUp',
      'method',
      'header',
      'data',
      'expectStatus',
      'findKnee',
      'failIf',
      'json',
    ],
    examples: [
      ['spillway load https://localhost:8443/a --rate 500 --duration 60s', 'a request when it is due'],
      ['spillway load http://127.0.0.1:8000/1 --requests 100000', '64 connections that never rest'],
    ],
  },
  fetch: {
    everyday: [
      'to',
      'name',
      'listApi',
      'dedupe',
      'robots',
      'maxInFlight',
      'perOrigin',
      'rate',
      'deadline',
      'retries',
      'header',
      'json',
      'quiet',
    ],
    examples: [
      ["spillway fetch 'http://127.0.0.1:8000/{0..9999}' --to out", 'ten thousand files in out/'],
      ['spillway fetch urls.txt --to pages.warc.gz --rate 50', 'a list, at 50 requests a second'],
    ],
  },
  resume: {
    everyday: RUN_EVERYDAY,
    examples: [
      ['spillway resume out', 'go on with the run of --to out'],
      ['spillway resume out --max-in-flight 32', 'the same, more gently'],
    ],
  },
  retry: {
    everyday: RUN_EVERYDAY,
    examples: [
      ['spillway retry out', 'fetch again whatever failed'],
      ['spillway retry out --only 5xx,timeout', 'only what may have been a bad day'],
    ],
  },
  status: {
    examples: [
      ['spillway status out', 'live or dead, counts, failures by class'],
      ['spillway status pages.warc.gz --json', 'the same for a program'],
    ],
  },
  outcomes: {
    examples: [
      ['spillway outcomes out', 'a line of JSON for each target'],
      ['spillway outcomes out --failed', 'only what failed'],
    ],
  },
  verify: {
    examples: [
      ['spillway verify out', 'every file read again and compared'],
      ['spillway verify out --json', 'the same for a program'],
    ],
  },
  doctor: {
    everyday: ['trials', 'cores', 'family', 'connections', 'pipelining', 'delay', 'json'],
    examples: [
      ['spillway doctor', 'what this machine allows'],
      ['spillway doctor --trials 100000', 'and what that many trials would take of it'],
    ],
  },
  compare: {
    examples: [
      ['spillway compare A.json B.json', 'what changed, and whether it is chance'],
      ["spillway compare A.json B.json --fail-if 'multicore.wallMs > 1.10x'", 'for a build'],
    ],
  },
  serve: {
    examples: [
      ['spillway serve', '/0 … /9999 on port 8000, a second each'],
      ['spillway serve --port 0 --delay 50ms --files 100', 'any free port, and a list of 100 files'],
    ],
  },
  completion: {
    examples: [
      ['source <(spillway completion bash)', 'in ~/.bashrc; zsh likewise, in ~/.zshrc'],
      ['spillway completion fish | source', 'in ~/.config/fish/config.fish'],
    ],
  },
};

/** Examples in the help of the program itself. */
export const PROGRAM_EXAMPLES: HelpPage['examples'] = [
  ['spillway bench --trials 10000', 'a mock server, every core, a proof'],
  ['spillway fetch urls.txt --to out', 'a list of URLs, as files in out/'],
];

/** Makes `--help` show only the everyday options of the page, and adds `--help-all` where there are more. */
export function addHelpPage(command: Command, { everyday, examples }: HelpPage): void {
  const isEveryday = (option: Option) =>
    option.name().startsWith('help') || everyday?.includes(option.attributeName()) !== false;
  let showsAll = everyday === undefined;
  let isDrawn = false;
  command.configureHelp({
    visibleOptions(of) {
      const all = Help.prototype.visibleOptions.call(this, of);
      return isDrawn && !showsAll ? all.filter(isEveryday) : all;
    },
    formatHelp(of, helper) {
      isDrawn = true;
      try {
        return Help.prototype.formatHelp.call(helper, of, helper);
      } finally {
        isDrawn = false;
      }
    },
  });
  if (everyday !== undefined) {
    command.addOption(new Option('--help-all', 'show every option'));
    command.on('option:help-all', () => {
      showsAll = true;
      command.help();
    });
  }
  command.addHelpText('after', exampleLines(examples));
}

export function exampleLines(examples: HelpPage['examples']): string {
  const lines = examples.map(([line, meaning]) => `  # ${meaning}\n  ${line}`);
  return ['', 'Examples:', ...lines].join('\n');
}
