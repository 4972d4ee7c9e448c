//! Every rule fires on its fixture and is quiet on its twin; manuals are whole; what is found is where it says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll::check::rules::{self, RULES};
use plimsoll::check::{Group, Rule};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixture(rule: &Rule, name: &str) -> PathBuf {
    root().join("fixtures/check").join(rule.name).join(name)
}

/// What `check` says of a fixture, as CSV: with the rule alone, and with the settings and other files beside it.
fn found(rule: &Rule, name: &str) -> Vec<csv::StringRecord> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.arg("check").arg(fixture(rule, name)).args(["--only", rule.code, "-o", "csv"]).current_dir(root()).stdin(Stdio::null());
    let settings = fixture(rule, "plimsoll.yaml");
    if settings.exists() {
        command.arg("--settings").arg(settings);
    }
    let output = command.output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{}: {name}: {errors}", rule.name);
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    reader.records().map(|record| record.expect("it is CSV")).collect()
}

#[test]
fn every_rule_fires_on_its_fixture_and_is_quiet_on_its_twin() {
    let mut wrong = Vec::new();
    for rule in RULES {
        for name in ["fires.yaml", "quiet.yaml"] {
            if !fixture(rule, name).exists() {
                wrong.push(format!("{}: no fixtures/check/{}/{name}", rule.code, rule.name));
                continue;
            }
            let found = found(rule, name);
            match name {
                "fires.yaml" if found.is_empty() => wrong.push(format!("{}: it finds nothing in fires.yaml", rule.name)),
                "quiet.yaml" if !found.is_empty() => wrong.push(format!("{}: it finds in quiet.yaml: {:?}", rule.name, &found[0])),
                _ => {}
            }
            // a finding that cannot be gone to, or that says nothing of what to do, helps nobody
            for record in &found {
                let (help, line) = (&record[8], &record[10]);
                if help.is_empty() || line == "0" {
                    wrong.push(format!("{}: no help or no line: {record:?}", rule.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_fixture_is_of_no_rule() {
    for entry in std::fs::read_dir(root().join("fixtures/check")).expect("there are fixtures") {
        let name = entry.expect("it can be read").file_name();
        assert!(rules::find(&name.to_string_lossy()).is_some(), "fixtures/check/{} is of no rule", name.to_string_lossy());
    }
}

#[test]
fn every_manual_says_what_why_and_what_instead() {
    for rule in RULES {
        let manual = rule.manual();
        let name = rule.name;
        assert!(manual.title.ends_with('.') && manual.title.len() < 140, "{name}: {:?} is no title", manual.title);
        for heading in ["# Example", "# Instead", "# Source"] {
            assert!(manual.text.contains(heading), "{name}: its manual has no {heading}");
        }
        assert!(!manual.text.starts_with('#'), "{name}: its manual does not say why it matters");
        assert!(manual.text.contains("```yaml"), "{name}: its manual has no example");
    }
}

#[test]
fn codes_and_names_are_in_order_and_of_their_group() {
    let groups = |rule: &Rule| Group::ALL.iter().position(|group| *group == rule.group).expect("it is one of them") + 1;
    for (rule, next) in RULES.iter().zip(RULES.iter().skip(1)) {
        assert!(rule.code < next.code, "{} comes after {}", next.code, rule.code);
    }
    for rule in RULES {
        assert!(rule.code.starts_with(&format!("PL{}", groups(rule))) && rule.code.len() == 5, "{}: {}", rule.name, rule.code);
        assert!(rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{}", rule.name);
        assert_eq!(RULES.iter().filter(|other| other.name == rule.name).count(), 1, "{}", rule.name);
    }
}
