/** Exit codes of the scripts, for what they found; any other failure explains itself on standard error. */
export const answers = {
  missing: 91,
  isFolder: 92,
  leadsOutside: 93,
  isNoFolder: 94,
  isNoFile: 95,
  tooLarge: 96,
} as const;

/** `$1` is the path below `/agent`. `follow` sets `real` and leaves unless that is inside; names may end in anything. */
const prologue = `
set -u
LC_ALL=C
export LC_ALL
cd /agent || exit 1
path=./$1
case $path in */*) folder=\${path%/*} name=\${path##*/} ;; esac

follow() {
  real=$(readlink -f -- "$1"; printf x)
  real=\${real%x}
  real=\${real%?}
  [ -n "$real" ] || exit ${answers.missing}
  case $real in /agent | /agent/*) ;; *) exit ${answers.leadsOutside} ;; esac
}

exists() { [ -e "$1" ] || [ -L "$1" ]; }

# Sets entry to the path itself, not to what it links to.
find_entry() {
  exists "$folder" || exit ${answers.missing}
  follow "$folder"
  entry=$real/$name
  exists "$entry" || exit ${answers.missing}
}
`;

/** One line per entry: type and permissions in hex, size, seconds, name. */
const format = "%f %s %Y %n";

const list = `
exists "$path" || exit ${answers.missing}
follow "$path"
[ -e "$real" ] || exit ${answers.missing}
[ -d "$real" ] || exit ${answers.isNoFolder}
cd "$real" || exit 1
names() {
  for name in * .[!.]* ..?*; do
    if exists "./$name"; then printf './%s\\0' "$name"; fi
  done
}
names
printf '\\0'
names | xargs -0 -r stat -c '${format}' -- 2>/dev/null
exit 0
`;

const stat = `
find_entry
exec stat -c '${format}' -- "$entry"
`;

const read = `
exists "$path" || exit ${answers.missing}
follow "$path"
[ -e "$real" ] || exit ${answers.missing}
[ ! -d "$real" ] || exit ${answers.isFolder}
[ -f "$real" ] || exit ${answers.isNoFile}
size=$(stat -c %s -- "$real") || exit ${answers.missing}
[ "$size" -le "$2" ] || exit ${answers.tooLarge}
exec head -c "$(($2 + 1))" < "$real"
`;

/** The size says whether the whole input came: a broken connection looks like its end. */
const write = `
above=$folder
until exists "$above"; do above=\${above%/*}; done
follow "$above"
[ -d "$real" ] || exit ${answers.isNoFolder}
mkdir -p -- "$folder" || exit 1
follow "$folder"
target=$real/$name
if [ -L "$target" ]; then follow "$target"; target=$real; fi
[ ! -d "$target" ] || exit ${answers.isFolder}
if exists "$target" && [ ! -f "$target" ]; then exit ${answers.isNoFile}; fi
mode=
if [ -f "$target" ]; then mode=$(stat -c %a -- "$target"); fi
temporary=\${target%/*}/.raworc-$3
trap 'rm -f -- "$temporary"' EXIT
cat > "$temporary" || exit 1
if [ "$(stat -c %s -- "$temporary")" != "$2" ]; then echo "the content did not come whole" >&2; exit 1; fi
if [ -n "$mode" ]; then chmod "$mode" "$temporary"; fi
mv -f -- "$temporary" "$target" || exit 1
`;

const remove = `
find_entry
rm -rf -- "$entry"
`;

/** What runs in a container for each call of the port. They need a shell, coreutils or busybox, and xargs. */
export const scripts = {
  list: prologue + list,
  stat: prologue + stat,
  read: prologue + read,
  write: prologue + write,
  remove: prologue + remove,
};
