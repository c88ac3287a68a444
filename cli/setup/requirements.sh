# What a machine must have before anything is downloaded, and the command that installs it. POSIX sh: the launcher reads this file before
# there is a bun to read anything else; `setup` and `doctor` run it and read the table.
#
#   sh cli/setup/requirements.sh [bun] [torch] [build]     one line a requirement: state <tab> name <tab> what was found <tab> packages
#     bun    npm, which brings bun            torch  python3 >= 3.10 with pip, which brings libtorch
#     build  a C++17 compiler, CMake, and ninja or make
#   state is `ok` or `missing`; exit 1 when one is missing.

requirements_row() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4"; }

# at_least MAJOR[.MINOR] VERSION
at_least() {
  want_major=${1%%.*} want_minor=${1#*.} have_major=${2%%.*} have_rest=${2#*.}
  have_minor=${have_rest%%.*}
  [ "$want_minor" = "$1" ] && want_minor=0
  [ "$have_rest" = "$2" ] && have_minor=0
  case $have_major$have_minor in *[!0-9]* | '') return 1 ;; esac
  [ "$have_major" -gt "$want_major" ] || { [ "$have_major" -eq "$want_major" ] && [ "$have_minor" -ge "$want_minor" ]; }
}

# The package manager decides the names: apt, dnf, apk, pacman or zypper.
requirements_manager() {
  for manager in apt-get dnf apk pacman zypper; do
    command -v "$manager" >/dev/null 2>&1 && { echo "$manager"; return; }
  done
  echo apt-get
}

requirements_package() {
  case $1:$(requirements_manager) in
    compiler:dnf | compiler:zypper) echo gcc-c++ ;;
    compiler:pacman) echo gcc ;;
    compiler:*) echo g++ ;;
    npm:dnf) echo nodejs-npm ;;
    python:pacman) echo "python python-pip" ;;
    python:apk) echo "python3 py3-pip" ;;
    python:*) echo "python3 python3-pip" ;;
    *) echo "$1" ;;
  esac
}

requirements_install_command() {
  case $(requirements_manager) in
    apk) echo "apk add $*" ;;
    pacman) echo "pacman -S $*" ;;
    *) echo "$(requirements_manager) install $*" ;;
  esac
}

requirements_npm() {
  if npm_version=$(npm --version 2>/dev/null); then requirements_row ok npm "$(command -v npm) $npm_version" ""
  else requirements_row missing npm "not found: it brings bun, which runs earthcraft" "$(requirements_package npm)"; fi
}

requirements_python() {
  python_version=$(python3 -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)
  if [ -z "$python_version" ]; then
    requirements_row missing python3 "not found: its pip fetches libtorch (or name a libtorch in EARTHCRAFT_LIBTORCH)" "$(requirements_package python)"
  elif ! at_least 3.10 "$python_version"; then
    requirements_row missing python3 "$(command -v python3) is $python_version, 3.10 is needed" "$(requirements_package python)"
  elif pip_version=$(python3 -m pip --version 2>/dev/null); then
    requirements_row ok python3 "$(command -v python3) $python_version, pip $(echo "$pip_version" | cut -d' ' -f2)" ""
  else
    requirements_row missing pip "$(command -v python3) $python_version has no pip: it fetches libtorch (or name a libtorch in EARTHCRAFT_LIBTORCH)" "$(requirements_package python)"
  fi
}

# CXX wins, as everywhere; GCC needs 11, clang 14.
requirements_compiler() {
  for compiler in ${CXX:-g++ c++ clang++}; do
    command -v "$compiler" >/dev/null 2>&1 || continue
    compiler_version=$("$compiler" -dumpfullversion 2>/dev/null || "$compiler" -dumpversion 2>/dev/null) || continue
    compiler_least=11
    "$compiler" --version 2>/dev/null | grep -qi clang && compiler_least=14
    if at_least $compiler_least "$compiler_version"; then requirements_row ok compiler "$(command -v "$compiler") $compiler_version" ""
    else requirements_row missing compiler "$(command -v "$compiler") is $compiler_version, $compiler_least is needed" "$(requirements_package compiler)"; fi
    return
  done
  requirements_row missing compiler "${CXX:-g++, c++ and clang++} not found: it builds the native library" "$(requirements_package compiler)"
}

requirements_cmake() {
  cmake_version=$(cmake --version 2>/dev/null | sed -n '1s/.*version //p')
  if [ -z "$cmake_version" ]; then requirements_row missing cmake "not found: it builds the native library" "$(requirements_package cmake)"
  elif at_least 3.18 "$cmake_version"; then requirements_row ok cmake "$(command -v cmake) $cmake_version" ""
  else requirements_row missing cmake "$(command -v cmake) is $cmake_version, 3.18 is needed" "$(requirements_package cmake)"; fi
}

requirements_make() {
  if command -v ninja >/dev/null 2>&1; then requirements_row ok ninja "$(command -v ninja) $(ninja --version 2>/dev/null)" ""
  elif command -v make >/dev/null 2>&1; then requirements_row ok make "$(command -v make)" ""
  else requirements_row missing make "neither ninja nor make found: one of them runs the build" "$(requirements_package make)"; fi
}

# requirements [bun] [torch] [build]
requirements() {
  for group in "$@"; do
    case $group in
      bun) requirements_npm ;;
      torch) requirements_python ;;
      build) requirements_compiler && requirements_cmake && requirements_make ;;
    esac
  done
}

# Reads the table on stdin; prints to stderr what is missing and the one command that installs it; fails when something is.
requirements_report() {
  requirements_packages=
  while IFS="$(printf '\t')" read -r state name found packages; do
    [ "$state" = missing ] || continue
    [ -n "$requirements_packages" ] || echo "earthcraft: this machine lacks something; nothing was downloaded." >&2
    echo "  $name: $found" >&2
    requirements_packages="$requirements_packages $packages"
  done
  [ -n "$requirements_packages" ] || return 0
  # shellcheck disable=SC2086 # words on purpose
  echo "  install it:  $(requirements_install_command $requirements_packages)" >&2
  return 1
}

case ${0##*/} in
  requirements.sh)
    table=$(requirements "$@")
    printf '%s\n' "$table"
    if lacking=$(printf '%s\n' "$table" | grep '^missing'); then
      # shellcheck disable=SC2046 # words on purpose
      requirements_row install command "$(requirements_install_command $(printf '%s\n' "$lacking" | cut -f4))" ""
      exit 1
    fi
    ;;
esac
