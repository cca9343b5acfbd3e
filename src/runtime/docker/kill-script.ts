/** Marks a command's processes in their environment; children inherit it, whatever group they are in. */
export const markVariable = "RAWORC_COMMAND";

/**
 * Ends commands from inside their container, by the shell alone: it starts no process of its own, so it works
 * where the limit of processes is reached, and in any image with a POSIX shell.
 *
 * `$1` is `one` or `others`, `$2` a mark. `one` ends what carries the mark and what descends from it; `others`
 * ends what carries another mark. Processes can hide their mark by dropping their environment: a process
 * without any counts as the command's when nothing marked is its parent and it was started after it (`$3`
 * hundredths of a second ago). The container's main process, which the init was started with, is spared.
 *
 * Everything found is stopped first, until a look finds nothing new, for a tree that forks while it is being
 * killed would outrun it. Prints nothing; the exit code is 0 when nothing is left and 1 when something is.
 */
export const killScript = `
mode=$1 mark=$2 ago=$3 self=$$

last_line() { line=; while IFS= read -r text || [ -n "$text" ]; do line=$text; text=; done 2>/dev/null < "$1"; }

# Sets state, parent and start from the part of stat behind the name, which may hold anything.
describe() {
  last_line "/proc/$1/stat" 2>/dev/null
  [ -n "$line" ] || return 1
  name=\${line#*(} name=\${name%)*}
  set -- \${line##*) }
  state=$1 parent=$2 start=\${20}
}

# Sets found: mine, other or none.
find_mark() {
  found=none
  while IFS= read -r text || [ -n "$text" ]; do
    case $text in
      *${markVariable}="$mark"*) found=mine ;;
      *${markVariable}=*) [ "$found" = mine ] || found=other ;;
    esac
    text=
  done 2>/dev/null < "/proc/$1/environ"
}

is_target() {
  find_mark "$1" 2>/dev/null
  case $mode.$found in
    one.mine | others.other) return 0 ;;
    *.none) ;;
    *) return 1 ;;
  esac
  case $name in runc:*) return 1 ;; esac
  [ "$parent" -le 1 ] && [ "$start" -ge "$since" ] || return 1
  [ "$parent" = 1 ] || return 0
  [ "$1" != "$first" ] || return 1
  last_line "/proc/$1/cmdline" 2>/dev/null
  case $line in "$main" | "\${main#*init--}") return 1 ;; esac
  return 0
}

# Sets targets to the ids of all that must end.
look() {
  targets=" " others=
  for folder in /proc/[0-9]*; do
    pid=\${folder#/proc/}
    [ "$pid" -ne 1 ] && [ "$pid" -ne "$self" ] || continue
    describe "$pid" || continue
    case $state in Z | X) continue ;; esac
    if is_target "$pid"; then targets="$targets$pid "; else others="$others $pid:$parent"; fi
  done
  again=1
  while [ "$again" = 1 ]; do
    again=0
    for pair in $others; do
      pid=\${pair%:*}
      case $targets in *" $pid "*) continue ;; esac
      case $targets in *" \${pair#*:} "*) targets="$targets$pid " again=1 ;; esac
    done
  done
}

# The main process is the init's first child; kernels that do not list children have the name it was started by,
# which stands behind the init's own.
first=
[ ! -r /proc/1/task/1/children ] || read -r first _ < /proc/1/task/1/children
last_line /proc/1/cmdline
main=\${line:-none}

since=0
if [ "$mode" = one ]; then
  read -r up _ < /proc/uptime
  since=$((\${up%.*}\${up#*.} - ago))
fi

rounds=0
while [ "$rounds" -lt 40 ]; do
  rounds=$((rounds + 1))
  stopped=" "
  while look; do
    new=0
    for pid in $targets; do
      case $stopped in *" $pid "*) continue ;; esac
      kill -STOP "$pid" 2>/dev/null
      stopped="$stopped$pid " new=1
    done
    [ "$new" = 1 ] || break
  done
  [ "$targets" != " " ] || exit 0
  for pid in $targets; do kill -KILL "$pid" 2>/dev/null; done
done
exit 1
`;
