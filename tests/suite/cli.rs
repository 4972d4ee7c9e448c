//! The command line as a user meets it: exit codes, streams, formats, help.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

/// A program of this crate, started in its root, without the colours and settings of whoever runs the tests.
fn program(path: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

fn plimsoll(arguments: &[&str]) -> Output {
    program(env!("CARGO_BIN_EXE_plimsoll"), arguments).output().expect("the program starts")
}

fn with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = program(env!("CARGO_BIN_EXE_plimsoll"), arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(input).expect("the program reads");
    child.wait_with_output().expect("the program ends")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

#[test]
fn exit_code_is_0_for_yes_1_for_no_2_for_misuse() {
    assert_eq!(code(&plimsoll(&["schedule"])), 0);
    assert_eq!(code(&plimsoll(&["plan", "--no-purchase"])), 1, "today's one node fails the success metrics");
    assert_eq!(code(&plimsoll(&["plan", "--no-purchase", "fixtures/cli/success.yaml"])), 0);
    assert_eq!(code(&plimsoll(&["plan", "--no-purchase", "fixtures/cli/success.yaml", "--min-nodes", "4"])), 1);
    assert_eq!(code(&plimsoll(&["schedule", "fixtures/cli/pending.yaml"])), 1);
    assert_eq!(code(&plimsoll(&["explain", "shop/giant", "fixtures/cli/pending.yaml"])), 1);
    assert_eq!(code(&plimsoll(&["explain", "shop/hog", "fixtures/cli/pending.yaml"])), 0);
    assert_eq!(code(&plimsoll(&["fit", "--cpu", "64"])), 1);
    let (cluster, new) = ("fixtures/cli/what-if-cluster.yaml", "fixtures/cli/what-if-new.yaml");
    assert_eq!(code(&plimsoll(&["schedule", cluster])), 0);
    assert_eq!(code(&plimsoll(&["schedule", cluster, new])), 1, "all pods have a node, but some are not created");
    assert_eq!(code(&plimsoll(&["explain", "tight/api", cluster, new])), 1);
    for misuse in [
        &["--no-such-flag"][..],
        &[],
        &["no-such-command"],
        &["schedule", "no/such/file.yaml"],
        &["schedule", "--kubernetes", "1.12"],
        &["schedule", "--output", "pdf"],
        &["schedule", "--seed", "1"],
        &["schedule", "--config", "fixtures/cli/pending.yaml"],
        &["explain", "no-such-pod"],
        &["fit"],
        &["fit", "--cpu", "a lot"],
        &["fit", "--cpu", "-1"],
        &["fit", "--memory=-1Gi"],
        &["fit", "--resource", "nvidia.com/gpu=-1"],
        &["fit", "--like", "no/such"],
        &["rightsize", "fixtures/cli/rightsize.yaml"],
        &["rightsize", "--cpu-percentile", "101"],
        &["rightsize", "--memory-margin", "-5%"],
        &["rightsize", "--usage", "no/such/file.csv"],
        &["fit", "--cpu", "1", "-o", "patch"],
    ] {
        let output = plimsoll(misuse);
        assert_eq!(code(&output), 2, "{misuse:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{misuse:?} has no answer");
        assert!(!err(&output).is_empty(), "{misuse:?} is told why");
    }
}

#[test]
fn an_unreadable_document_is_named_and_the_rest_is_answered() {
    let text =
        "apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {allocatable: {cpu: 4, memory: 1Gi, pods: 10}}\n---\nkind: [broken\n";
    let output = with_input(&["schedule", "-"], text.as_bytes());
    assert_eq!(code(&output), 2);
    assert!(out(&output).contains("0 of 0 pods have a node"), "{}", out(&output));
    assert!(err(&output).contains("<stdin>:"), "{}", err(&output));
    assert!(err(&output).contains("error"), "{}", err(&output));
}

#[test]
fn answers_go_to_stdout_and_everything_else_to_stderr() {
    let output = plimsoll(&["schedule", "fixtures/cli/pending.yaml"]);
    assert!(out(&output).starts_with("5 of 15 pods have a node"), "the first line is the answer");
    assert!(err(&output).contains("1 Kafka (kafka.strimzi.io/v1beta2)"), "kinds that own pods are named");
    assert!(err(&output).contains("1 ConfigMap"), "kinds that are not modelled are named");
    assert!(!out(&output).contains("ConfigMap"));
}

#[test]
fn without_a_path_it_is_the_example_and_says_so() {
    for command in [&["schedule"][..], &["plan", "--no-purchase"]] {
        let output = plimsoll(command);
        assert!(err(&output).contains("no PATH given, so this is the embedded example"), "{}", err(&output));
    }
    let embedded = plimsoll(&["schedule", "-o", "json"]);
    let read = plimsoll(&["schedule", "-o", "json", "fixtures/data-platform/cluster.yaml"]);
    assert_eq!(out(&embedded), out(&read));
}

#[test]
fn the_example_is_embedded_whole() {
    let embedded = plimsoll(&["plan", "--no-purchase", "-o", "json"]);
    let plan: serde_json::Value = serde_json::from_slice(&embedded.stdout).expect("it is JSON");
    let read = plimsoll(&["schedule", "-o", "json", "fixtures/data-platform/target"]);
    let schedule: serde_json::Value = serde_json::from_slice(&read.stdout).expect("it is JSON");
    assert_eq!(plan["clusters"][1]["schedule"], schedule);
}

#[test]
fn a_plan_says_what_to_buy_and_what_that_makes_of_it() {
    let output = plimsoll(&["plan", "fixtures/cli/full.yaml", "--survive", "none", "-o", "json"]);
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let cluster = &plan["clusters"][0];
    let (size, metrics) = (&cluster["buy"]["size"], &cluster["buy"]["successMetrics"]);
    assert_eq!((size["holds"].as_bool(), size["count"].as_u64(), size["lowerBound"]["nodes"].as_u64()), (Some(true), Some(3), Some(3)));
    let holds = |view: &serde_json::Value, metric: usize| view["metrics"][metric]["holds"].as_bool().expect("it is said");
    let utilization = 2;
    assert_eq!([&cluster["successMetrics"], metrics].map(|view| holds(view, utilization)), [false, true], "that is what was bought for");
    let peak = size["replay"][0]["fullestCpu"].as_f64().expect("it was replayed");
    let measured = metrics["metrics"][utilization]["numbers"][1]["value"].as_f64().expect("it was measured");
    assert!((peak - measured).abs() < 0.11, "the same scheduler on the same nodes: {peak} and {measured}");
    assert!(cluster["set"]["quotas"].as_array().is_some_and(|quotas| !quotas.is_empty()));
    assert_eq!(code(&output), 1, "the metrics of today fail");
    let without = plimsoll(&["plan", "fixtures/cli/full.yaml", "--no-purchase", "-o", "json"]);
    let without: serde_json::Value = serde_json::from_slice(&without.stdout).expect("it is JSON");
    assert!(without["clusters"][0]["buy"].is_null());
    assert_eq!(without["clusters"][0]["successMetrics"], cluster["successMetrics"]);
}

#[test]
fn colours_only_where_they_are_wanted() {
    let escapes = |output: &Output| out(output).contains('\u{1b}');
    assert!(!escapes(&plimsoll(&["schedule"])), "a pipe gets none");
    assert!(escapes(&plimsoll(&["schedule", "--color", "always"])));
    assert!(!escapes(&plimsoll(&["schedule", "--color", "never"])));
    let output = program(env!("CARGO_BIN_EXE_plimsoll"), &["schedule"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output();
    assert!(!escapes(&output.expect("the program starts")), "NO_COLOR is heeded");
    let json = plimsoll(&["schedule", "--color", "always", "-o", "json"]);
    assert!(!escapes(&json), "data has no colours");
}

#[test]
fn json_is_versioned_and_yaml_says_the_same() {
    let cases: [(&str, &[&str]); 4] = [
        ("Schedule", &["schedule", "fixtures/cli/pending.yaml"]),
        ("Explanation", &["explain", "shop/db-1", "fixtures/cli/pending.yaml"]),
        ("Fit", &["fit", "--cpu", "100m", "fixtures/cli/pending.yaml"]),
        ("Plan", &["plan", "--no-purchase", "fixtures/cli/pending.yaml"]),
    ];
    for (kind, arguments) in cases {
        let json = plimsoll(&[arguments, &["-o", "json"]].concat());
        let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("it is JSON");
        assert_eq!(json["apiVersion"], "plimsoll.dev/v1");
        assert_eq!(json["kind"], kind);
        let yaml = plimsoll(&[arguments, &["-o", "yaml"]].concat());
        let yaml: serde_json::Value = serde_saphyr::from_str(&out(&yaml)).expect("it is YAML");
        assert_eq!(json, yaml, "{kind}");
    }
}

#[test]
fn csv_has_one_row_a_pod() {
    let output = plimsoll(&["schedule", "fixtures/cli/pending.yaml", "-o", "csv"]);
    let text = out(&output);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("pod,workload,state,node,bestNodes,cpuMilli,memoryBytes,message,namespace,name,nodeType,zone"));
    assert_eq!(lines.count(), 15);
}

#[test]
fn a_namespace_narrows_what_is_shown_not_what_is_placed() {
    let output = plimsoll(&["schedule", "fixtures/cli/pending.yaml", "-n", "batch"]);
    assert!(out(&output).starts_with("1 of 2 pods have a node"), "{}", out(&output));
    assert_eq!(code(&output), 0, "what is pending elsewhere is not asked about");
    assert!(!out(&output).contains("shop/"), "{}", out(&output));
}

#[test]
fn a_closed_pipe_is_no_reason_to_panic() {
    let mut command = program(env!("CARGO_BIN_EXE_plimsoll"), &["plan", "--no-purchase", "-o", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut pipe = child.stdout.take().expect("it is piped");
    let mut first = [0; 16];
    pipe.read_exact(&mut first).expect("the program writes");
    drop(pipe);
    let output = child.wait_with_output().expect("the program ends");
    assert!(!err(&output).contains("panicked"), "{}", err(&output));
    assert_eq!(code(&output), 1, "the answer is what it was");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in ["table", "wide", "json", "yaml", "csv", "markdown"] {
        let arguments = ["schedule", "fixtures/cli/pending.yaml", "-o", format];
        assert_eq!(out(&plimsoll(&arguments)), out(&plimsoll(&arguments)), "{format}");
    }
}

#[test]
fn kubectl_finds_it_as_a_plugin() {
    let help = program(env!("CARGO_BIN_EXE_kubectl-plimsoll"), &["schedule", "--help"]).output().expect("the program starts");
    assert!(out(&help).contains("Usage: kubectl plimsoll schedule"), "{}", out(&help));
    assert!(out(&help).contains("  kubectl plimsoll schedule cluster.json"), "{}", out(&help));
    let answer = program(env!("CARGO_BIN_EXE_kubectl-plimsoll"), &["schedule"]).output().expect("the program starts");
    assert_eq!(out(&answer), out(&plimsoll(&["schedule"])));
}

#[test]
fn help_and_version_are_fine() {
    for arguments in [&["--help"][..], &["--version"], &["schedule", "--help"], &["explain", "-h"]] {
        assert_eq!(code(&plimsoll(arguments)), 0, "{arguments:?}");
    }
}

/// The lines of examples in a help text: what stands between `plimsoll` and a comment, a pipe or the end.
fn examples(help: &str) -> Vec<Vec<String>> {
    let example = |line: &str| {
        let (_, rest) = line.split_once("plimsoll ").filter(|(before, _)| before.trim().is_empty() || before.ends_with("| "))?;
        let rest = rest.split("   ").next().unwrap_or_default().split(" | ").next().unwrap_or_default();
        Some(rest.split_whitespace().map(str::to_owned).collect())
    };
    help.lines().skip_while(|line| !line.starts_with("Examples:")).filter_map(example).collect()
}

#[test]
fn every_example_in_the_help_is_a_command_that_parses() {
    let mut command = plimsoll::cli::command("plimsoll");
    let mut helps = vec![command.render_long_help().to_string()];
    helps.extend(command.get_subcommands_mut().map(|command| command.render_long_help().to_string()));
    let mut seen = 0;
    for help in helps {
        let examples = examples(&help);
        assert!(!examples.is_empty(), "this help teaches by no example:\n{help}");
        for example in examples {
            let words = std::iter::once("plimsoll".to_owned()).chain(example.clone());
            let parsed = plimsoll::cli::command("plimsoll").try_get_matches_from(words);
            assert!(parsed.is_ok(), "plimsoll {}: {}", example.join(" "), parsed.expect_err("it does not parse"));
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen} examples");
}

/// What of a value a schema does not allow, as far as our schemas go: types, constants, required and known fields.
fn violations(root: &serde_json::Value, schema: &serde_json::Value, value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).expect("references point somewhere");
        return violations(root, target, value, path, found);
    }
    let is_null = |option: &&serde_json::Value| option["type"] == "null";
    if value.is_null() && schema["anyOf"].as_array().is_some_and(|options| options.iter().any(|option| is_null(&option))) {
        return;
    }
    if let Some(option) = schema["anyOf"].as_array().and_then(|options| options.iter().find(|option| !is_null(option))) {
        return violations(root, option, value, path, found);
    }
    if let Some(wanted) = schema.get("const").filter(|wanted| *wanted != value) {
        found.push(format!("{path}: {value} is not {wanted}"));
    }
    if let Some(options) = schema["oneOf"].as_array().filter(|options| !options.iter().any(|option| option["const"] == *value)) {
        found.push(format!("{path}: {value} is none of {options:?}"));
    }
    match value {
        serde_json::Value::Object(fields) => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
            found.extend(required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{path}.{name} is missing")));
            for (name, value) in fields {
                // a map has names of its own, all of one shape
                let shape = schema["properties"].get(name).or(schema.get("additionalProperties").filter(|shape| shape.is_object()));
                match shape {
                    Some(schema) => violations(root, schema, value, &format!("{path}.{name}"), found),
                    None => found.push(format!("{path}.{name} is not in the schema")),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| violations(root, &schema["items"], item, path, found)),
        value => {
            let kind = if value.is_string() {
                "string"
            } else if value.is_boolean() {
                "boolean"
            } else {
                "number"
            };
            let types = schema["type"].to_string();
            let fits =
                types.contains(kind) || value.is_u64() | value.is_i64() && types.contains("integer") || schema.get("oneOf").is_some();
            if !fits {
                found.push(format!("{path}: {value} is not {types}"));
            }
        }
    }
}

#[test]
fn outputs_obey_their_schemas() {
    for arguments in [
        &["schedule", "fixtures/cli/pending.yaml"][..],
        &["schedule", "fixtures/cli/preemption.yaml"],
        &["explain", "shop/db-1", "fixtures/cli/pending.yaml"],
        &["explain", "shop/vip", "fixtures/cli/preemption.yaml"],
        &["fit", "--cpu", "1", "fixtures/data-platform/target"],
        &["plan", "--no-purchase"],
        &["plan", "--no-purchase", "fixtures/cli/self-check.yaml"],
        &["plan", "fixtures/cli/full.yaml", "--survive", "none", "--usage", "fixtures/cli/top.txt"],
        &["size", "fixtures/cli/size.yaml", "--catalogue", "fixtures/cli/types.csv", "--zones", "a,b", "--why", "--growth", "20%"],
        &["size", "fixtures/cli/loss.yaml", "--keep-existing"],
        &["schedule", "fixtures/cli/chance.yaml", "--samples", "20"],
        &["lose", "fixtures/cli/chance-loss.yaml", "--samples", "5"],
        &["schedule", "fixtures/cli/what-if-cluster.yaml", "fixtures/cli/what-if-new.yaml"],
        &["schedule", "fixtures/cli/what-if-cluster.yaml", "fixtures/cli/what-if-preempt.yaml"],
        &["explain", "shop/lost", "fixtures/cli/what-if-cluster.yaml", "fixtures/cli/what-if-new.yaml"],
        &["fit", "--cpu", "1", "fixtures/cli/what-if-cluster.yaml", "fixtures/cli/what-if-new.yaml"],
    ] {
        let output = plimsoll(&[arguments, &["-o", "json"]].concat());
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let name = value["kind"].as_str().expect("it has a kind").to_lowercase();
        let path = format!("{}/schemas/{name}.v1.json", env!("CARGO_MANIFEST_DIR"));
        let schema = serde_json::from_str(&std::fs::read_to_string(path).expect("the schema is committed")).expect("it is JSON");
        let mut found = Vec::new();
        violations(&schema, &schema, &value, &name, &mut found);
        assert!(found.is_empty(), "{arguments:?}:\n{}", found.join("\n"));
    }
}
