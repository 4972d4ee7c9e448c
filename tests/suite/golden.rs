//! What people and programs read, kept as text: outputs of every command, README, schemas.
//!
//! `PLIMSOLL_BLESS=1 cargo test --release golden` writes them anew; look at the difference before committing it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Outputs that are kept whole, by name of their file under `fixtures/golden/`.
const OUTPUTS: &[(&str, &str)] = &[
    ("plan", "plan"),
    ("plan-buys", "plan fixtures/cli/full.yaml --survive none"),
    ("plan-holds", "plan --no-purchase fixtures/cli/success.yaml"),
    ("plan-markdown", "plan --no-purchase fixtures/cli/pending.yaml -o markdown"),
    ("plan-wide", "plan --no-purchase fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml -o wide"),
    ("plan-self-check", "plan --no-purchase fixtures/cli/self-check.yaml"),
    ("plan-self-check-wide", "plan --no-purchase fixtures/cli/self-check.yaml -o wide"),
    ("plan-json", "plan --no-purchase fixtures/cli/pending.yaml -o json"),
    ("schedule-example", "schedule"),
    ("schedule-target", "schedule fixtures/data-platform/target"),
    ("schedule-pending", "schedule fixtures/cli/pending.yaml"),
    ("schedule-pending-wide", "schedule fixtures/cli/pending.yaml -o wide"),
    ("schedule-pending-json", "schedule fixtures/cli/pending.yaml -o json"),
    ("schedule-pending-yaml", "schedule fixtures/cli/pending.yaml -o yaml"),
    ("schedule-pending-markdown", "schedule fixtures/cli/pending.yaml -o markdown"),
    ("schedule-pending-csv", "schedule fixtures/cli/pending.yaml -o csv"),
    ("schedule-namespace", "schedule fixtures/cli/pending.yaml -n batch"),
    ("schedule-134", "schedule fixtures/cli/pending.yaml --kubernetes 1.34"),
    ("schedule-preemption", "schedule fixtures/cli/preemption.yaml"),
    ("schedule-patch", "schedule fixtures/cli/realise.yaml -o patch"),
    ("schedule-kustomize", "schedule fixtures/cli/realise.yaml -o kustomize"),
    ("schedule-script", "schedule fixtures/cli/realise.yaml -o script"),
    ("schedule-realise", "schedule fixtures/cli/realise.yaml --realise"),
    ("schedule-dot", "schedule fixtures/cli/realise.yaml -o dot"),
    ("samples", "schedule --samples 200 fixtures/cli/chance.yaml"),
    ("samples-json", "schedule --samples 20 --seed 7 fixtures/cli/chance.yaml -o json"),
    ("samples-csv", "schedule --samples 20 fixtures/cli/chance.yaml -o csv"),
    ("samples-fixed", "schedule --samples 20 --ties first --arrivals listed fixtures/cli/chance.yaml"),
    ("lose-samples", "lose --samples 50 --require placed fixtures/cli/chance-loss.yaml"),
    ("schedule-no-nodes", "schedule fixtures/cli/no-nodes.yaml"),
    ("explain-bound", "explain shop/hog fixtures/cli/pending.yaml"),
    ("explain-pending", "explain shop/db-1 fixtures/cli/pending.yaml"),
    ("explain-pending-wide", "explain shop/db-1 fixtures/cli/pending.yaml -o wide"),
    ("explain-pending-json", "explain shop/db-1 fixtures/cli/pending.yaml -o json"),
    ("explain-pending-csv", "explain shop/db-1 fixtures/cli/pending.yaml -o csv"),
    ("explain-workload", "explain datahub-gms fixtures/data-platform/target"),
    ("explain-gated", "explain gated fixtures/cli/pending.yaml"),
    ("explain-preempts", "explain shop/vip fixtures/cli/preemption.yaml"),
    ("fit", "fit --cpu 500m --memory 1Gi fixtures/data-platform/target"),
    ("fit-like", "fit --like data-platform/postgres-0 fixtures/data-platform/target"),
    ("fit-max", "fit --cpu 100m --max 3 fixtures/data-platform/target"),
    ("fit-pod", "fit --pod fixtures/cli/deployment.yaml fixtures/cli/pending.yaml"),
    ("fit-json", "fit --cpu 500m --memory 1Gi fixtures/cli/pending.yaml -o json"),
    ("what-if-new", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml"),
    ("what-if-new-wide", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml -o wide"),
    ("what-if-new-json", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml -o json"),
    ("what-if-new-csv", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml -o csv"),
    ("what-if-new-namespace", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml -n tight"),
    ("what-if-template", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-template.yaml"),
    ("what-if-scale-down", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-scale-down.yaml"),
    ("what-if-preempt", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-preempt.yaml"),
    ("what-if-pods", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-pods.yaml"),
    ("what-if-invalid", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-invalid.yaml"),
    ("what-if-nothing", "schedule fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-cluster.yaml"),
    ("what-if-plan", "plan --no-purchase fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-preempt.yaml"),
    ("what-if-fit", "fit --cpu 500m fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml"),
    ("explain-not-created", "explain tight/api fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml"),
    ("explain-not-created-json", "explain shop/lost fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-new.yaml -o json"),
    ("explain-refused-workload", "explain shop/wrong fixtures/cli/what-if-cluster.yaml fixtures/cli/what-if-invalid.yaml"),
    ("fit-hpa", "fit --hpa fixtures/data-platform/target"),
    ("fit-hpa-usage", "fit --hpa --usage fixtures/cli/top.txt fixtures/data-platform/target"),
    ("fit-hpa-csv", "fit --hpa fixtures/data-platform/target -o csv"),
    ("fit-hpa-json", "fit --hpa fixtures/data-platform/target -o json"),
    ("lose", "lose"),
    ("lose-node", "lose fixtures/cli/loss.yaml --node a --max-failover 5m"),
    ("lose-zones", "lose fixtures/cli/loss.yaml --each zone --require placed"),
    ("lose-two", "lose fixtures/cli/loss.yaml --k 2"),
    ("lose-unattended", "lose fixtures/cli/loss.yaml --unattended -o wide"),
    ("lose-markdown", "lose fixtures/cli/loss.yaml --max-failover 5m -o markdown"),
    ("lose-csv", "lose fixtures/cli/loss.yaml -o csv"),
    ("lose-json", "lose fixtures/cli/loss.yaml --max-failover 5m --removed-after 10m -o json"),
    ("lose-dot", "lose fixtures/cli/loss.yaml --zone zone-2 -o dot"),
    ("size-example", "size"),
    ("size", "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b,c"),
    ("size-why", "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b,c --why --growth 20% --growth 50% -o wide"),
    (
        "size-zone",
        "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b,c --survive zone --max-types 1 --objective count",
    ),
    ("size-json", "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b,c -o json"),
    ("size-csv", "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b,c -o csv"),
    ("size-svg", "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b,c -o svg"),
    ("size-patch", "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b,c -o patch"),
    ("size-tfvars", "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b,c -o tfvars"),
    (
        "size-machine-deployments",
        "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b --survive none -o machine-deployments",
    ),
    ("size-node-pools", "size fixtures/cli/size.yaml --catalogue fixtures/cli/types.csv --zones a,b --survive none -o node-pools"),
    ("size-keep", "size fixtures/cli/loss.yaml --keep-existing --like a --max-utilization none"),
    ("size-generic", "size fixtures/cli/size.yaml --survive none --objective evenness"),
    ("misuse-size-like", "size fixtures/cli/loss.yaml --like nobody"),
    ("misuse-size-survive", "size --survive rack"),
    ("misuse-node-pools", "lose -o node-pools"),
    ("misuse-size-svg", "schedule -o svg"),
    ("schedule-replicas-max", "schedule --replicas max fixtures/data-platform/target"),
    ("drain-example", "drain --ignore-daemonsets"),
    ("drain", "drain fixtures/cli/drain.yaml"),
    ("drain-wide", "drain fixtures/cli/drain.yaml --ignore-daemonsets --delete-emptydir-data --force --parallel 1 -o wide"),
    ("drain-nodes", "drain fixtures/cli/drain.yaml node-c node-d --ignore-daemonsets --force --maintenance 10m"),
    ("drain-json", "drain fixtures/cli/drain.yaml --ignore-daemonsets --delete-emptydir-data --force -o json"),
    ("drain-markdown", "drain fixtures/cli/drain.yaml --ignore-daemonsets --delete-emptydir-data --force -o markdown"),
    ("drain-csv", "drain fixtures/cli/drain.yaml --node node-d --ignore-daemonsets -o csv"),
    ("drain-script", "drain fixtures/cli/drain.yaml --ignore-daemonsets --delete-emptydir-data --force -o script"),
    ("drain-script-missing", "drain fixtures/cli/drain.yaml -o script"),
    ("drain-full", "drain fixtures/cli/drain-full.yaml"),
    ("drain-surge", "drain fixtures/cli/drain-full.yaml --surge 1 --start 10s"),
    ("drain-gone", "drain fixtures/cli/drain-full.yaml node-a --surge 1 --gone -o script"),
    ("rightsize", "rightsize"),
    (
        "rightsize-bounded",
        "rightsize fixtures/cli/rightsize.yaml --usage cpu=fixtures/cli/rightsize-cpu.json --usage memory=fixtures/cli/rightsize-memory.json --usage fixtures/cli/rightsize-top.txt",
    ),
    (
        "rightsize-wide",
        "rightsize fixtures/cli/rightsize.yaml --usage cpu=fixtures/cli/rightsize-cpu.json --usage memory=fixtures/cli/rightsize-memory.json --usage fixtures/cli/rightsize-top.txt --cpu-limit ratio -o wide",
    ),
    (
        "rightsize-json",
        "rightsize fixtures/cli/rightsize.yaml --usage cpu=fixtures/cli/rightsize-cpu.json --usage memory=fixtures/cli/rightsize-memory.json --usage fixtures/cli/rightsize-top.txt -o json",
    ),
    (
        "rightsize-csv",
        "rightsize fixtures/cli/rightsize.yaml --usage cpu=fixtures/cli/rightsize-cpu.json --usage memory=fixtures/cli/rightsize-memory.json --usage fixtures/cli/rightsize-top.txt --cpu-limit keep -o csv",
    ),
    (
        "rightsize-patch",
        "rightsize fixtures/cli/rightsize.yaml --usage cpu=fixtures/cli/rightsize-cpu.json --usage memory=fixtures/cli/rightsize-memory.json --usage fixtures/cli/rightsize-top.txt --set all -o patch",
    ),
    (
        "rightsize-kustomize",
        "rightsize fixtures/cli/rightsize.yaml --usage cpu=fixtures/cli/rightsize-cpu.json --usage memory=fixtures/cli/rightsize-memory.json --usage fixtures/cli/rightsize-top.txt --set all -o kustomize",
    ),
    (
        "rightsize-script",
        "rightsize fixtures/cli/rightsize.yaml --usage cpu=fixtures/cli/rightsize-cpu.json --usage memory=fixtures/cli/rightsize-memory.json --usage fixtures/cli/rightsize-top.txt --set all -o script",
    ),
    ("rightsize-top", "rightsize fixtures/data-platform/target --usage fixtures/cli/top.txt"),
    ("rightsize-foreign", "rightsize fixtures/cli/pending.yaml --usage fixtures/cli/top.txt"),
    ("check", "check fixtures/cli/check.yaml"),
    ("check-wide", "check fixtures/cli/check.yaml fixtures/check/unexplained-allow/fires.yaml -o wide"),
    ("check-json", "check fixtures/cli/check.yaml --only single-replica -o json"),
    ("check-github", "check fixtures/cli/check.yaml --only single-replica --only unknown-priority-class -o github"),
    ("check-csv", "check fixtures/cli/check.yaml --only single-replica -o csv"),
    ("explain-rule", "explain-rule single-replica"),
    ("misuse-rule", "explain-rule no-such-rule"),
    ("help-check", "check --help"),
    ("report", "report fixtures/cli/loss.yaml -o table"),
    ("report-failures-svg", "report fixtures/cli/loss.yaml -o svg --chart failure-matrix"),
    ("misuse-report", "report fixtures/cli/loss.yaml -o report.pdf"),
    ("misuse-report-chart", "report fixtures/cli/loss.yaml -o cost.svg --chart cost-curve"),
    ("diff", "diff fixtures/cli/diff/base.yaml fixtures/cli/diff/head.yaml --cluster fixtures/cli/diff/cluster.yaml --only single-replica"),
    (
        "diff-markdown",
        "diff fixtures/cli/diff/base.yaml fixtures/cli/diff/head.yaml --cluster fixtures/cli/diff/cluster.yaml --catalogue fixtures/cli/types.csv --only single-replica -o markdown",
    ),
    (
        "diff-json",
        "diff fixtures/cli/diff/base.yaml fixtures/cli/diff/head.yaml --cluster fixtures/cli/diff/cluster.yaml --only single-replica -o json",
    ),
    (
        "diff-csv",
        "diff fixtures/cli/diff/head.yaml fixtures/cli/diff/base.yaml --cluster fixtures/cli/diff/cluster.yaml --only single-replica -o csv",
    ),
    ("diff-nothing", "diff fixtures/cli/loss.yaml fixtures/cli/loss.yaml"),
    (
        "check-baseline",
        "check fixtures/cli/diff/head.yaml --cluster fixtures/cli/diff/cluster.yaml --baseline fixtures/cli/diff/base.yaml --only single-replica",
    ),
    (
        "check-baseline-json",
        "check fixtures/cli/diff/head.yaml --cluster fixtures/cli/diff/cluster.yaml --baseline fixtures/cli/diff/base.yaml --only single-replica -o json",
    ),
    (
        "check-assert",
        "check fixtures/cli/diff/head.yaml --cluster fixtures/cli/diff/cluster.yaml --catalogue fixtures/cli/types.csv --assert fixtures/cli/diff/policies.yaml --only single-replica",
    ),
    (
        "check-assert-markdown",
        "check fixtures/cli/diff/base.yaml --cluster fixtures/cli/diff/cluster.yaml --catalogue fixtures/cli/types.csv --assert fixtures/cli/diff/policies.yaml --only single-replica -o markdown",
    ),
    (
        "check-assert-json",
        "check fixtures/cli/diff/head.yaml --cluster fixtures/cli/diff/cluster.yaml --assert fixtures/cli/diff/policies.yaml --only single-replica -o json",
    ),
    (
        "check-assert-github",
        "check fixtures/cli/diff/head.yaml --cluster fixtures/cli/diff/cluster.yaml --assert fixtures/cli/diff/policies.yaml --baseline fixtures/cli/diff/base.yaml --only single-replica -o github",
    ),
    ("diff-versions", "diff --kubernetes 1.34 --to 1.36 fixtures/cli/diff/cluster.yaml fixtures/cli/diff/head.yaml"),
    ("diff-versions-markdown", "diff --kubernetes 1.34 --to 1.36 fixtures/cli/diff/cluster.yaml fixtures/cli/diff/head.yaml -o markdown"),
    ("diff-versions-json", "diff --kubernetes 1.34 --to 1.36 fixtures/cli/diff/cluster.yaml fixtures/cli/diff/head.yaml -o json"),
    ("misuse-diff", "diff fixtures/cli/diff/base.yaml"),
    ("help", "--help"),
    ("help-plan", "plan --help"),
    ("help-schedule", "schedule --help"),
    ("help-explain", "explain --help"),
    ("help-fit", "fit --help"),
    ("help-lose", "lose --help"),
    ("help-drain", "drain --help"),
    ("help-rightsize", "rightsize --help"),
    ("help-diff", "diff --help"),
    ("help-snapshot", "snapshot --help"),
    ("help-report", "report --help"),
    ("misuse-node", "drain fixtures/cli/drain.yaml node-x"),
    ("misuse-flag", "schedule --frobnicate"),
    ("misuse-file", "schedule no/such/file.yaml"),
    ("misuse-lost-node", "lose fixtures/cli/loss.yaml --node d"),
    ("misuse-usage", "rightsize fixtures/cli/rightsize.yaml --usage fixtures/cli/rightsize-cpu.json"),
    ("misuse-pod", "explain nobody fixtures/cli/pending.yaml"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn blessing() -> bool {
    std::env::var_os("PLIMSOLL_BLESS").is_some()
}

/// What a command says: stdout, stderr, exit code.
fn run(arguments: &str) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments.split_whitespace()).current_dir(root()).stdin(Stdio::null());
    for name in ["CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    let output = command.env("NO_COLOR", "1").output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("it was not killed"))
}

/// Compares a text with a file, or writes the file when blessing.
fn check(path: PathBuf, actual: &str) -> Result<(), String> {
    if blessing() {
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder can be made");
        std::fs::write(&path, actual).expect("the file can be written");
        return Ok(());
    }
    let name = path.strip_prefix(root()).expect("it lies in the repository").display();
    let expected = std::fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
    if expected == actual {
        return Ok(());
    }
    let line =
        expected.lines().zip(actual.lines()).position(|(a, b)| a != b).unwrap_or(expected.lines().count().min(actual.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("(end)").to_owned();
    Err(format!("{name}, line {}:\n  kept  {}\n  now   {}", line + 1, at(&expected), at(actual)))
}

fn all_hold(results: impl Iterator<Item = Result<(), String>>) {
    let wrong: Vec<String> = results.filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "PLIMSOLL_BLESS=1 writes them anew; look before you commit\n{}", wrong.join("\n"));
}

#[test]
fn outputs_are_as_kept() {
    all_hold(OUTPUTS.iter().map(|(name, arguments)| {
        let (stdout, stderr, exit) = run(arguments);
        let text = format!("$ plimsoll {arguments}\n{stdout}--- stderr\n{stderr}--- exit {exit}\n");
        check(root().join(format!("fixtures/golden/{name}.txt")), &text)
    }));
}

#[test]
fn schemas_are_as_committed() {
    all_hold(plimsoll::report::views::schemas().into_iter().map(|(kind, schema)| {
        let text = serde_json::to_string_pretty(&schema).expect("schemas are JSON") + "\n";
        check(root().join(format!("schemas/{}.v1.json", kind.to_lowercase())), &text)
    }));
}

#[test]
fn schemas_of_what_people_write_are_as_committed() {
    all_hold(plimsoll::report::views::schemas_of_input().into_iter().map(|(name, schema)| {
        let text = serde_json::to_string_pretty(&schema).expect("schemas are JSON") + "\n";
        check(root().join(format!("schemas/{name}.v1.json")), &text)
    }));
}

/// Tables of the README that are made from the program's own tables.
fn made_table(name: &str) -> String {
    match name {
        "plugins" => {
            let row = |plugin: &&plimsoll::scheduler::framework::Plugin| {
                let weight = if plugin.weight > 0 { plugin.weight.to_string() } else { String::new() };
                format!("| {} | {} | {weight} | `{}` |\n", plugin.name, plugin.decides, plugin.source)
            };
            let rows: String = plimsoll::scheduler::plugins::ALL.iter().map(row).collect();
            format!("| plugin | decides | weight | upstream, under `pkg/scheduler/framework/plugins/` |\n|---|---|---|---|\n{rows}")
        }
        "policies" => {
            let path = root().join("fixtures/cli/diff/policies.yaml");
            format!("```yaml\n{}```\n", std::fs::read_to_string(path).expect("it is there"))
        }
        "quantities" => {
            let row = |quantity: &plimsoll::check::assertions::Expectation| {
                let states: Vec<String> = quantity.states.iter().map(|state| state.words().replace("no `when`", "nothing")).collect();
                let selects = if quantity.selects { "yes" } else { "" };
                format!("| `{}` | {} | {} | {selects} |\n", quantity.name, quantity.words, states.join(", "))
            };
            let rows: String = plimsoll::check::assertions::EXPECTATIONS.iter().map(row).collect();
            format!("| `expect` | bounds | `when` | `select` |\n|---|---|---|---|\n{rows}")
        }
        "formats" => {
            let row = |format: &plimsoll::report::formats::Format| format!("| `{}` | {} |\n", format.name, format.about);
            let rows: String = plimsoll::report::formats::FORMATS.iter().map(row).collect();
            let picture = |format: &plimsoll::report::formats::Picture| format!("| `{}` | {} |\n", format.name, format.about);
            let rows = rows + &plimsoll::report::formats::PICTURES.iter().map(picture).collect::<String>();
            format!("| `-o` | for |\n|---|---|\n{rows}")
        }
        "rules" => {
            let row = |rule: &plimsoll::check::Rule| {
                let severity = rule.severity.to_string();
                format!("| {} | `{}` | {} | {severity} | {} |\n", rule.code, rule.name, rule.group.words(), rule.manual().title)
            };
            let rows: String = plimsoll::check::rules::RULES.iter().map(row).collect();
            format!("| code | rule | group | severity | finds |\n|---|---|---|---|---|\n{rows}")
        }
        "commands" => {
            let command = plimsoll::cli::command("plimsoll");
            let about = |each: &clap::Command| each.get_about().map(ToString::to_string).unwrap_or_default();
            let rows: String = command.get_subcommands().map(|each| format!("| `{}` | {} |\n", each.get_name(), about(each))).collect();
            format!("| command | answers |\n|---|---|\n{rows}")
        }
        other => panic!("README asks for a table {other:?} that nobody makes"),
    }
}

/// README with every marked block made anew: `<!-- output: plimsoll … -->` before a fence, `<!-- table: … -->` to `<!-- end -->`.
fn remade(readme: &str) -> String {
    let mut lines = readme.lines();
    let mut made = String::new();
    while let Some(line) = lines.next() {
        made.push_str(line);
        made.push('\n');
        if let Some(command) = marker(line, "output: plimsoll") {
            let fence = lines.next().expect("a fence follows");
            assert!(fence.starts_with("```"), "a fence follows {line}");
            lines.by_ref().find(|line| line.starts_with("```")).expect("the fence is closed");
            made.push_str(&format!("{fence}\n{}```\n", run(command).0));
        } else if let Some(name) = marker(line, "table:") {
            lines.by_ref().find(|line| *line == "<!-- end -->").expect("the table is ended");
            made.push_str(&format!("{}<!-- end -->\n", made_table(name)));
        }
    }
    made
}

fn marker<'a>(line: &'a str, what: &str) -> Option<&'a str> {
    Some(line.strip_prefix("<!-- ")?.strip_prefix(what)?.strip_suffix(" -->")?.trim())
}

#[test]
fn readme_shows_what_the_program_says() {
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).expect("there is a README");
    all_hold(std::iter::once(check(path, &remade(&readme))));
}
