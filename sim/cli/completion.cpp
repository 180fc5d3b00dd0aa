#include "sim/cli/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace cli {
namespace {

bool is_positional(const OptionShape& option) { return option.names.empty(); }

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(separator)) + word;
  return text;
}

std::vector<std::string> names_of(const CommandShape& command) {
  std::vector<std::string> names;
  for (const OptionShape& option : command.options) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

std::vector<std::string> command_names(const std::vector<CommandShape>& commands) {
  std::vector<std::string> names;
  for (const CommandShape& command : commands) {
    if (!command.name.empty()) names.push_back(command.name);
  }
  return names;
}

// A word of a shell, in single quotes.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// What completes a value: words, files, or nothing that is known.
std::string bash_values(const OptionShape& option) {
  if (option.takes_file) return "_fencepost_files";
  if (option.values.empty()) return "COMPREPLY=()";
  return fmt::format("COMPREPLY=($(compgen -W {} -- \"$word\"))", quoted(joined(option.values, " ")));
}

std::string bash_command(const CommandShape& command) {
  std::string text = fmt::format("    {})\n      case $before in\n", command.name);
  std::string positional = "COMPREPLY=()";
  for (const OptionShape& option : command.options) {
    if (is_positional(option)) {
      positional = bash_values(option);
    } else if (option.takes_value) {
      text += fmt::format("        {}) {}; return ;;\n", joined(option.names, "|"), bash_values(option));
    }
  }
  text +=
      fmt::format("      esac\n      if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W {} -- \"$word\"))\n",
                  quoted(joined(names_of(command), " ")));
  return text + fmt::format("      else\n        {}\n      fi\n      ;;\n", positional);
}

// Text inside [...] of zsh's _arguments.
std::string zsh_about(const std::string& about) {
  std::string text;
  for (const char c : about) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

std::string zsh_values(const OptionShape& option) {
  if (option.takes_file) return ":file:_files";
  if (option.values.empty()) return ":value: ";
  return fmt::format(":value:({})", joined(option.values, " "));
}

std::string zsh_command(const CommandShape& command) {
  std::string text = fmt::format("    {})\n      _arguments -s", command.name);
  for (const OptionShape& option : command.options) {
    if (is_positional(option)) {
      // With one that may be repeated every place is its.
      text += " \\\n        " + quoted((option.takes_many ? "*" : "1") + zsh_values(option));
      continue;
    }
    for (const std::string& name : option.names) {
      text += " \\\n        " + quoted(fmt::format("*{}[{}]{}", name, zsh_about(option.about),
                                                   option.takes_value ? zsh_values(option) : ""));
    }
  }
  return text + "\n      ;;\n";
}

std::string fish_option(const std::string& condition, const OptionShape& option) {
  std::string text = "complete -c fencepost " + condition;
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_value && !is_positional(option)) text += " -r";
  if (option.takes_file) {
    text += " -F";
  } else if (option.takes_value) {
    text += " -f";
    if (!option.values.empty()) text += " -a " + quoted(joined(option.values, " "));
  }
  return text + (option.about.empty() ? "" : " -d " + quoted(option.about)) + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<CommandShape>& commands) {
  std::string text =
      "# bash completion of fencepost: source <(fencepost completion bash)\n"
      "_fencepost_files() {\n"
      "  local IFS=$'\\n'\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  COMPREPLY=($(compgen -f -- \"$word\"))\n"
      "}\n"
      "_fencepost() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i\n"
      "  COMPREPLY=()\n"
      "  # \"--format=json\" comes as three words.\n"
      "  if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    if [[ ${COMP_WORDS[i]} != -* ]]; then command=${COMP_WORDS[i]}; break; fi\n"
      "  done\n"
      "  case $command in\n";
  for (const CommandShape& command : commands) {
    if (!command.name.empty()) text += bash_command(command);
  }
  std::vector<std::string> first = command_names(commands);
  const std::vector<std::string> own = names_of(commands.front());
  first.insert(first.end(), own.begin(), own.end());
  text += fmt::format("    '') COMPREPLY=($(compgen -W {} -- \"$word\")) ;;\n", quoted(joined(first, " ")));
  return text +
         "  esac\n"
         "}\n"
         "complete -F _fencepost fencepost ./fencepost\n";
}

std::string zsh_completion(const std::vector<CommandShape>& commands) {
  std::string text =
      "#compdef fencepost\n"
      "# zsh completion of fencepost: fencepost completion zsh > a folder of $fpath, as _fencepost\n"
      "_fencepost() {\n"
      "  local -a commands\n"
      "  commands=(\n";
  for (const CommandShape& command : commands) {
    if (!command.name.empty()) text += "    " + quoted(command.name + ":" + zsh_about(command.about)) + "\n";
  }
  text += "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n";
  text += fmt::format("    compadd -- {}\n    return\n  fi\n", joined(names_of(commands.front()), " "));
  text += "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n";
  for (const CommandShape& command : commands) {
    if (!command.name.empty()) text += zsh_command(command);
  }
  return text +
         "  esac\n"
         "}\n"
         "if [[ $funcstack[1] == _fencepost ]]; then _fencepost \"$@\"; else compdef _fencepost fencepost; fi\n";
}

std::string fish_completion(const std::vector<CommandShape>& commands) {
  std::string text =
      "# fish completion of fencepost: fencepost completion fish > ~/.config/fish/completions/fencepost.fish\n"
      "complete -c fencepost -f\n";
  for (const CommandShape& command : commands) {
    if (command.name.empty()) {
      for (const OptionShape& option : command.options) text += fish_option("-n __fish_use_subcommand", option);
      continue;
    }
    text += fmt::format("complete -c fencepost -n __fish_use_subcommand -a {} -d {}\n", command.name,
                        quoted(command.about));
    const std::string condition = fmt::format("-n '__fish_seen_subcommand_from {}'", command.name);
    for (const OptionShape& option : command.options) text += fish_option(condition, option);
  }
  return text;
}

}  // namespace cli
