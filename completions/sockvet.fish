# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion of sockvet. It holds no lists: commands, options, columns, findings, states,
# topics and filter words come from the program (sockvet tables). The name of an option's
# argument decides which values are offered.

# Prints a table in fish's form: name, tab, help.
function __sockvet_table
    command -q sockvet; and command sockvet tables $argv 2>/dev/null
end

# Prints the command of the line, or nothing when it has none yet.
function __sockvet_command
    set -l words (commandline -opc)
    if set -q words[2]; and contains -- $words[2] (__sockvet_table commands | string replace -r '\t.*' '')
        echo $words[2]
    end
end

# True when the command of the line is one of these. A line without a command is check or list.
function __sockvet_in
    set -l command (__sockvet_command)
    if test -n "$command"
        contains -- $command $argv
    else
        contains -- check $argv; or contains -- list $argv
    end
end

# True when nothing stands behind the program's name yet.
function __sockvet_at_start
    test (count (commandline -opc)) -eq 1
end

# True when the word before is "state" or "exclude".
function __sockvet_wants_state
    set -l words (commandline -opc)
    contains -- $words[-1] state exclude
end

# True when the word before is "finding".
function __sockvet_wants_finding
    set -l words (commandline -opc)
    contains -- $words[-1] finding
end

# Prints the filter words: the first field of the table, and the last one as help.
function __sockvet_filters
    __sockvet_table filters | string replace -r '\t.*\t' \t
end

# Prints the columns that are not chosen yet, each behind what was typed up to the last comma.
function __sockvet_columns
    set -l typed (commandline -ct | string replace -r '^--columns=' '')
    set -l before (string match -r '^(?:.*,|\+)' -- $typed)
    set -l chosen (string trim -l -c + -- "$before" | string split ,)
    for row in (__sockvet_table columns)
        contains -- (string replace -r '\t.*' '' -- $row) $chosen
        or echo "$before$row"
    end
end

function __sockvet_namespaces
    for path in /run/netns/*
        printf '%s\tnetwork namespace\n' (string replace -r '.*/' '' -- $path)
    end
    __fish_complete_pids
end

# Registers the options, once, when fish reads this file. Fields: --long, -s, ARGUMENT, commands,
# help.
complete -c sockvet -f
for row in (__sockvet_table options)
    set -l field (string split \t -- $row)
    set -l option -c sockvet -l (string sub -s 3 -- $field[1]) -d "$field[5]"
    if test -n "$field[2]"
        set -a option -s (string sub -s 2 -- $field[2])
    end
    if test "$field[4]" != all
        set -a option -n "__sockvet_in "(string replace -a , ' ' -- $field[4])
    end
    switch "$field[3]"
        case ''
        case '*FILE*'
            set -a option -r -F
        case '*WHEN*'
            set -a option -x -a 'auto always never'
        case 'ID=*'
            set -a option -x -a '(__sockvet_table findings | string replace \t =\t)'
        case '*NAME,*'
            set -a option -x -a '(__sockvet_columns)'
        case DEVICE
            set -a option -x -a '(__fish_print_interfaces)'
        case '*PID*'
            set -a option -r -F -a '(__sockvet_namespaces)'
        case '*'
            set -a option -x
    end
    complete $option
end

complete -c sockvet -n __sockvet_at_start -a '(__sockvet_table commands)'
complete -c sockvet -n '__sockvet_in check list; and __sockvet_wants_state' -a '(__sockvet_table states)'
complete -c sockvet -n '__sockvet_in check list; and __sockvet_wants_finding' -a '(__sockvet_table findings)'
complete -c sockvet -n '__sockvet_in check list; and not __sockvet_wants_state; and not __sockvet_wants_finding' -a '(__sockvet_filters)'
complete -c sockvet -n '__sockvet_in explain' -a '(__sockvet_table topics)'
complete -c sockvet -n '__sockvet_in tables' -a '(__sockvet_table)'
complete -c sockvet -n '__sockvet_in record bind' -F
complete -c sockvet -n '__sockvet_in connect' -a '(__fish_print_hostnames)'
