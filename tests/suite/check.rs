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

/// What `check` says of fixtures that hold a finding, one that is allowed, and nothing.
fn written(format: &str) -> String {
    let fixtures = ["single-replica/fires.yaml", "unknown-priority-class/fires.yaml", "unexplained-allow/fires.yaml"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.arg("check").args(fixtures.map(|name| format!("./fixtures/check/{name}"))).args(["-o", format]);
    command.args(["--only", "PL101", "--only", "PL201", "--only", "PL501"]);
    let output = command.current_dir(root()).stdin(Stdio::null()).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn sarif_names_rules_places_and_suppressions() {
    let log: serde_json::Value = serde_json::from_str(&written("sarif")).expect("it is JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("they are a list");
    assert_eq!(rules.len(), RULES.len());
    let results = run["results"].as_array().expect("they are a list");
    assert_eq!(results.len(), 4, "{results:#?}");
    let mut prints = std::collections::BTreeSet::new();
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().expect("it is a number") as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let file = place["artifactLocation"]["uri"].as_str().expect("it is named");
        assert!(file.starts_with("fixtures/check/"), "{file} is relative");
        // the region is what its snippet has there
        let text = std::fs::read_to_string(root().join(file)).expect("it is there");
        let region = &place["region"];
        let number = |name: &str| region[name].as_u64().expect("it is a number") as usize;
        let line = text.lines().nth(number("startLine") - 1).expect("the line is there");
        assert_eq!(region["snippet"]["text"], line);
        assert!(!line[number("startColumn") - 1..number("endColumn") - 1].trim().is_empty());
        assert!(prints.insert(result["partialFingerprints"]["ruleObjectField/v1"].to_string()));
    }
    let suppressed: Vec<_> = results.iter().filter(|result| result.get("suppressions").is_some()).collect();
    assert_eq!(suppressed.len(), 1, "single-replica is allowed");
    assert_eq!(suppressed[0]["suppressions"][0]["kind"], "inSource");
}

#[test]
fn junit_counts_what_it_holds() {
    let text = written("junit");
    let cases = text.matches("<testcase ").count();
    let sum = |name: &str| -> usize {
        let mark = format!(" {name}=\"");
        let marks = text.match_indices(&mark);
        marks.map(|(at, mark)| text[at + mark.len()..].split('"').next().expect("it is closed").parse::<usize>().expect("a number")).sum()
    };
    assert_eq!((sum("tests"), sum("failures"), sum("skipped"), sum("errors")), (cases, 3, 1, 0));
    assert_eq!((text.matches("<failure ").count(), text.matches("<skipped>").count()), (3, 1));
    assert_eq!(text.matches("<testsuite ").count(), RULES.len());
}

#[test]
fn github_annotates_files_and_lines() {
    let text = written("github");
    let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(commands.len(), 3, "what is allowed is no annotation: {text}");
    let error = "::error file=fixtures/check/unknown-priority-class/fires.yaml,line=19,endLine=19,col=7,endColumn=30,title=PL101 \
                 unknown-priority-class::Deployment shop/payments: PriorityClass \"gold\" is not there";
    assert!(commands.iter().any(|command| command.starts_with(error)), "{text}");
}

#[test]
fn only_check_writes_formats_for_findings() {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(["schedule", "-o", "sarif"]).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`plimsoll check` does"));
}

#[test]
fn settings_say_where_they_are_wrong() {
    for (text, expected) in [
        ("rules:\n  no-such-rule: off\n", "there is no rule \"no-such-rule\""),
        ("thresholds:\n  replicaz: 3\n", "s.yaml:2:3"),
        ("kind: Deployment\n", "\"Settings\" is expected"),
        ("rules: {single-replica: loud}\n", "s.yaml:1:"),
    ] {
        let problem = plimsoll::check::read::settings_str("s.yaml", text).expect_err(text).to_string();
        assert!(problem.contains(expected), "{text}: {problem}");
    }
    let settings = plimsoll::check::read::settings_str("s.yaml", "rules: {PL201: off, single-replica: error}").expect("codes are taken");
    assert_eq!(settings.rules.len(), 2);
}

#[test]
fn what_is_allowed_is_told_and_fails_nothing() {
    let folder = std::env::temp_dir().join(format!("plimsoll-allow-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("it can be made");
    let settings = folder.join("plimsoll.yaml");
    std::fs::write(&settings, "allow: [{rule: PL201, object: Deployment/shop/*, reason: known}]\n").expect("it can be written");
    let fixture = root().join("fixtures/check/single-replica/fires.yaml");
    let run = |settings: Option<&Path>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.arg("check").arg(&fixture).args(["--only", "single-replica", "-o", "json"]).current_dir(&folder);
        // the usual file is taken without being named; an empty one says nothing
        if let Some(settings) = settings {
            command.arg("--settings").arg(settings);
        }
        let output = command.output().expect("the program starts");
        let view: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        (output.status.code(), view["counts"]["allowed"].clone(), view["findings"][0]["allowed"]["reason"].clone())
    };
    assert_eq!(run(None), (Some(0), 1.into(), "known".into()));
    let empty = folder.join("empty.yaml");
    std::fs::write(&empty, "").expect("it can be written");
    assert_eq!(run(Some(&empty)), (Some(1), 0.into(), serde_json::Value::Null));
    std::fs::remove_dir_all(&folder).expect("it can be removed");
}

#[test]
fn the_settings_of_the_readme_are_settings() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let blocks: Vec<&str> = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let settings: Vec<&&str> = blocks.iter().filter(|block| block.contains("kind: Settings")).collect();
    assert_eq!(settings.len(), 1);
    let settings = plimsoll::check::read::settings_str("README.md", settings[0]).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!((settings.thresholds.pods_per_node, settings.allow.len()), (Some(30), 1));
    let bare = plimsoll::check::read::settings_str("s.yaml", "rules: {single-replica: off}").expect("off is a word here");
    assert_eq!(bare.rules["single-replica"], plimsoll::check::settings::Level::Off);
}

#[test]
fn alerts_that_are_written_are_missing_no_more() {
    let fixture = root().join("fixtures/check/missing-alert/fires.yaml");
    let dead = root().join("fixtures/check/dead-alert/fires.yaml");
    let rule = std::env::temp_dir().join(format!("plimsoll-alerts-{}.yaml", std::process::id()));
    let run = |arguments: &[&std::ffi::OsStr]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(arguments).stdin(Stdio::null()).output().expect("the program starts");
        assert!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it is text")
    };
    let written = run(&["alerts".as_ref(), fixture.as_ref()]);
    assert!(written.contains("alert: PDBViolation") && !written.contains("alert: NodeNotReady"), "only what is missing: {written}");
    assert!(written.contains("namespace: 'monitoring'"), "beside the rules that are there: {written}");
    std::fs::write(&rule, &written).expect("there is room");
    let check = ["check", "--only", "missing-alert", "-o", "csv"].map(std::ffi::OsStr::new);
    let found = |paths: &[&Path]| run(&check.iter().copied().chain(paths.iter().map(|path| path.as_os_str())).collect::<Vec<_>>());
    assert_eq!((found(&[&fixture]).lines().count(), found(&[&fixture, &rule]).lines().count()), (2, 1));
    // an alert that asks for what there is not counts as none
    assert!(run(&["alerts".as_ref(), dead.as_ref()]).contains("alert: PodNotDistributed"));
    assert!(run(&["alerts".as_ref(), "--all".as_ref(), fixture.as_ref(), rule.as_ref()]).contains("alert: NodeNotReady"));
    std::fs::remove_file(&rule).expect("it can be removed");
}

/// Runs `check` in a folder with these settings, on a text from a file beside them.
fn with_settings(name: &str, settings: &str, text: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let folder = std::env::temp_dir().join(format!("plimsoll-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("it can be made");
    std::fs::write(folder.join("plimsoll.yaml"), settings).expect("it can be written");
    std::fs::write(folder.join("input.yaml"), text).expect("it can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let output = command.args(["check", "input.yaml"]).args(more).current_dir(&folder).stdin(Stdio::null()).output();
    let output = output.expect("the program starts");
    std::fs::remove_dir_all(&folder).expect("it can be removed");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_settings_assume_is_assumed_and_a_flag_wins() {
    let text = std::fs::read_to_string(root().join("fixtures/cli/fine.yaml")).expect("it is there")
        + "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: api, namespace: shop}\nspec: {scaleTargetRef: \
           {apiVersion: apps/v1, kind: Deployment, name: api}, minReplicas: 2, maxReplicas: 7, metrics: [{type: Resource, resource: {name: \
           cpu, target: {type: Utilization, averageUtilization: 70}}}]}\n---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: five, \
           namespace: shop}\nspec: {hard: {pods: 5}}\n";
    let kubernetes = |output: &str| serde_json::from_str::<serde_json::Value>(output).expect("it is JSON")["kubernetes"].clone();
    let assumed = "assumptions: {kubernetes: '1.34', replicas: max}";
    let only = ["--only", "over-quota", "-o", "json"];
    let (code, output, _) = with_settings("assumed", assumed, &text, &only);
    assert_eq!((code, kubernetes(&output)), (Some(1), "1.34".into()), "seven pods are over the quota of five: {output}");
    let (code, output, _) = with_settings("flag", assumed, &text, &[&only[..], &["--replicas", "min"]].concat());
    assert_eq!(code, Some(0), "{output}");
    let (code, output, _) = with_settings("silent", "", &text, &only);
    assert_eq!((code, kubernetes(&output)), (Some(0), "1.36".into()), "{output}");
    for (wrong, said) in
        [("kubernetes: '1.12'", "1.12 is not supported"), ("cronRuns: never", "cronRuns"), ("replicas: none.csv", "none.csv")]
    {
        let (code, _, errors) = with_settings("wrong", &format!("assumptions: {{{wrong}}}"), &text, &[]);
        assert!(code == Some(2) && errors.contains(said), "{wrong}: {errors}");
    }
}

#[test]
fn an_allowance_without_a_reason_is_found_wherever_it_counts() {
    let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {plimsoll.dev/allow: PL201}}\n---\napiVersion: policy/v1\n\
                kind: PodDisruptionBudget\nmetadata: {name: b, namespace: shop, annotations: {plimsoll.dev/allow: 'no-such: because'}}\n\
                spec: {maxUnavailable: 1, selector: {matchLabels: {app: a}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, \
                namespace: shop}\nspec: {replicas: 2, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}, annotations: \
                {plimsoll.dev/allow: best-effort}}, spec: {containers: [{name: c, image: i}]}}}\n";
    let (_, output, _) = with_settings("unexplained", "", text, &["--only", "unexplained-allow", "-o", "csv"]);
    let mut reader = csv::Reader::from_reader(output.as_bytes());
    let found: Vec<String> =
        reader.records().map(|record| record.expect("it is CSV")).map(|record| format!("{} {}", &record[4], &record[10])).collect();
    assert_eq!(found, ["Namespace 3", "PodDisruptionBudget 7", "Deployment 13"], "{output}");
}
