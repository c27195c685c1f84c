//! How the command fits in: help, completions, man pages, pipes.

use crate::scene::{Scene, bare, told};

/// All that the help names.
fn subcommands() -> Vec<String> {
    let help = bare(&["--help"]).run().done();
    let list = help.split("Commands:\n").nth(1).unwrap();
    let names = list
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help");
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 5 && names.contains(&"call".to_owned()), "{names:?}");
    names
}

#[test]
fn the_help_of_each_subcommand_has_examples_and_fits_60_columns() {
    let subcommands = subcommands();
    let all = core::iter::once(None).chain(subcommands.iter().map(Some));
    for subcommand in all {
        for flag in ["-h", "--help"] {
            let arguments: Vec<&str> = subcommand.map(String::as_str).into_iter().chain([flag]).collect();
            let text = bare(&arguments).env("COLUMNS", "60").run().done();
            for line in text.lines() {
                let columns = line.chars().count();
                assert!(columns <= 60, "{subcommand:?}: {columns} columns: {line}");
            }
            assert!(
                text.contains("Examples:") && text.contains("  lp-auth "),
                "{text}"
            );
            // At a width that people have, nothing is broken by force either.
            bare(&arguments).env("COLUMNS", "200").run().done();
        }
    }
}

#[test]
fn each_shell_gets_a_script_that_names_all_subcommands() {
    let subcommands = subcommands();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = bare(&["completions", shell]).run().done();
        for subcommand in &subcommands {
            assert!(script.contains(subcommand), "{shell}: {subcommand}");
        }
    }
    bare(&["completions", "tcsh"])
        .run()
        .failed(2, &["powershell", "zsh"]);
    bare(&["completions"]).run().failed(2, &["<SHELL>"]);
}

#[cfg(unix)]
#[test]
fn bash_completes_subcommands_options_and_their_values() {
    const COMPLETE: &str = r#"
        source /dev/stdin
        complete="$(complete -p lp-auth)" || exit
        function="${complete##*-F }"
        function="${function%% *}"
        try() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            "$function" lp-auth "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            echo "${COMPREPLY[*]}"
        }
        try lp-auth tok
        try lp-auth token --tran
        try lp-auth token --transport i
        try lp-auth completions po
        try lp-auth call --header-
    "#;
    let script = bare(&["completions", "bash"]).run().done();
    let mut bash = std::process::Command::new("bash")
        .args(["--norc", "-c", COMPLETE])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut bash.stdin.take().unwrap(), script.as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "token\n--transport\nisahc\npowershell\n--header-style\n"
    );
}

#[test]
fn there_is_a_man_page_for_the_command_and_for_each_subcommand() {
    let scene = Scene::new();
    let folder = scene.path("new/man");
    let written = bare(&["manual", folder.to_str().unwrap()]).run().done();
    let names = subcommands();
    let mut expected: Vec<String> = names.iter().map(|name| format!("lp-auth-{name}.1")).collect();
    expected.push("lp-auth.1".to_owned());
    expected.sort();
    let mut pages: Vec<&str> = written.lines().collect();
    pages.sort_unstable();
    assert_eq!(pages, expected);
    for page in pages {
        let text = std::fs::read_to_string(folder.join(page)).unwrap();
        let title = page.strip_suffix(".1").unwrap();
        assert!(text.contains(&format!(".TH {title} 1")), "{text}");
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", "Examples:"] {
            assert!(text.contains(section), "{page}: {section}");
        }
    }
    bare(&["manual", "/dev/null/x"]).run().failed(2, &["/dev/null/x"]);
}

#[test]
fn who_stops_reading_long_output_is_no_failure() {
    let scene = Scene::new();
    for arguments in [&["token", "--help"][..], &["completions", "bash"], &["settings"]] {
        let mut child = scene.command(arguments).spawn();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success() && told(&output.stderr).is_empty(),
            "{arguments:?}: {output:?}"
        );
    }
}

#[test]
fn a_slip_of_the_pen_gets_a_suggestion_in_every_place() {
    for (arguments, meant) in [
        (&["tokn"][..], "'token'"),
        (&["cal"], "'call'"),
        (&["token", "--cach"], "'--cache'"),
        (&["call", "--header-stile", "bare"], "'--header-style'"),
        (&["token", "--transport", "requwest"], "'reqwest'"),
        (&["completions", "fihs"], "'fish'"),
    ] {
        bare(arguments).run().failed(2, &["a similar ", meant]);
    }
}
