// Writes a completion script for each shell from a description of the commands. Pure; every word is quoted for its
// shell.

export interface ShellOption {
  /** Such as `--family`. */
  readonly flag: string;
  readonly meaning: string;
  /** Name of its value; null for an option without one. */
  readonly value: string | null;
  /** The values it may have; empty where any text may be one. */
  readonly choices: readonly string[];
  readonly isFile: boolean;
}

export interface ShellCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly ShellOption[];
  /** The words that its argument may be. */
  readonly choices: readonly string[];
  readonly takesFiles: boolean;
}

const names = (commands: readonly ShellCommand[]) => commands.map(({ name }) => name);

/** A word in single quotes, as bash and zsh read it. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Each option with a value has its own case, so that `--to` offers files and `--trials` nothing. */
export function bashScript(commands: readonly ShellCommand[]): string {
  const words = (text: string) => `COMPREPLY=($(compgen -W ${quote(text)} -- "$current"))`;
  const files = 'compopt -o default';
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ value }) => value !== null)
      .map(({ flag, choices, isFile }) => {
        const action = choices.length > 0 ? words(choices.join(' ')) : isFile ? files : ':';
        return `    ${quote(`${name} ${flag}`)}) ${action}; return ;;`;
      }),
  );
  const options = commands.map(
    ({ name, options: own }) => `      ${name}) ${words(own.map(({ flag }) => flag).join(' '))} ;;`,
  );
  const operands = commands
    .filter(({ choices, takesFiles }) => takesFiles || choices.length > 0)
    .map(({ name, choices }) => `      ${name}) ${choices.length > 0 ? words(choices.join(' ')) : files} ;;`);
  return `# bash completion for spillway
_spillway() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${names(commands).join('|')}) command=$word; break ;;
    esac
  done
  if [[ -z $command ]]; then
    ${words(`${names(commands).join(' ')} help --help --version`)}
    return
  fi
  case "$command $previous" in
${values.join('\n')}
  esac
  if [[ $current == -* ]]; then
    case $command in
${options.join('\n')}
    esac
  else
    case $command in
${operands.join('\n')}
    esac
  fi
}
complete -F _spillway spillway
`;
}

export function zshScript(commands: readonly ShellCommand[]): string {
  /** Escapes the characters that zsh treats specially in brackets and before a colon. */
  const plain = (text: string) => text.replaceAll(/[\\[\]:]/gu, (character) => `\\${character}`);
  const optionSpec = ({ flag, meaning, value, choices, isFile }: ShellOption) => {
    const action = choices.length > 0 ? `(${choices.join(' ')})` : isFile ? '_files' : ' ';
    const tail = value === null ? '' : `:${plain(value)}:${action}`;
    return `          ${quote(`${flag}[${plain(meaning)}]${tail}`)}`;
  };
  const cases = commands.map(({ name, options, choices, takesFiles }) => {
    const rest = choices.length > 0 ? [`          ${quote(`1:word:(${choices.join(' ')})`)}`] : [];
    if (takesFiles) rest.push(`          ${quote('*:file:_files')}`);
    return `        ${name})
          _arguments \\
  ${[...options.map(optionSpec), ...rest].join(' \\\n  ')}
          ;;`;
  });
  return `#compdef spillway
_spillway() {
  local state line
  local -a commands=(
${commands.map(({ name, description }) => `    ${quote(`${name}:${description}`)}`).join('\n')}
  )
  _arguments -C '--help[show help]' '--version[show the version]' '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _spillway ]]; then
  _spillway "$@"
else
  compdef _spillway spillway
fi
`;
}

export function fishScript(commands: readonly ShellCommand[]): string {
  const text = (words: string) => `'${words.replaceAll(/['\\]/gu, (character) => `\\${character}`)}'`;
  const lines = ['# fish completion for spillway', 'complete -c spillway -f'];
  for (const { name, description, options, choices, takesFiles } of commands) {
    const seen = `-n ${text(`__fish_seen_subcommand_from ${name}`)}`;
    lines.push(`complete -c spillway -n __fish_use_subcommand -a ${name} -d ${text(description)}`);
    if (takesFiles) lines.push(`complete -c spillway ${seen} -F`);
    if (choices.length > 0) lines.push(`complete -c spillway ${seen} -a ${text(choices.join(' '))}`);
    for (const { flag, meaning, value, choices: words, isFile } of options) {
      const action = words.length > 0 ? `-x -a ${text(words.join(' '))}` : isFile ? '-r -F' : '-x';
      const rest = value === null ? '' : ` ${action}`;
      lines.push(`complete -c spillway ${seen} -l ${flag.replace(/^--/u, '')}${rest} -d ${text(meaning)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
