//! What others take the program by: the GitHub Action, pre-commit, krew, shell completions, manual pages. Everything they call exists, and
//! the steps of the action are run as a pipeline runs them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("it is YAML")
}

fn file(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn text_of<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// What stands between `${{` and `}}`.
fn expressions(text: &str) -> Vec<&str> {
    text.split("${{").skip(1).map(|rest| rest.split_once("}}").expect("it is closed").0.trim()).collect()
}

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("plimsoll-packaging-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("bin")).expect("a temporary folder can be made");
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_default()
    }

    /// Puts a program on the path of the steps.
    #[cfg(unix)]
    fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.join("bin").join(name);
        fs::write(&path, format!("#!/bin/bash\n{script}\n")).expect("it can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A run of the action: its inputs, and what its steps have said so far.
struct Pipeline<'a> {
    action: Value,
    folder: &'a Folder,
    inputs: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
}

impl<'a> Pipeline<'a> {
    fn new(folder: &'a Folder, inputs: &[(&str, &str)]) -> Self {
        let action = yaml(&file("action.yml"));
        let defaults = action["inputs"].as_object().expect("it has inputs");
        let mut all: BTreeMap<String, String> =
            defaults.iter().map(|(name, input)| (name.clone(), text_of(input, "default").to_owned())).collect();
        for (name, value) in inputs {
            assert!(all.insert((*name).to_owned(), (*value).to_owned()).is_some(), "the action has no input {name}");
        }
        Pipeline { action, folder, inputs: all, outputs: BTreeMap::new() }
    }

    fn value(&self, expression: &str) -> String {
        match expression.split('.').collect::<Vec<_>>().as_slice() {
            ["inputs", name] => self.inputs[*name].clone(),
            ["steps", step, "outputs", name] => self.outputs.get(&format!("{step}.{name}")).cloned().unwrap_or_default(),
            ["github", "action_path"] => root().display().to_string(),
            ["github", "token"] => "secret".to_owned(),
            ["github", "event", "pull_request", "number"] => "7".to_owned(),
            _ => panic!("nobody knows what {expression} is"),
        }
    }

    /// Runs a step as GitHub does, and remembers what it puts out.
    fn step(&mut self, name: &str) -> Output {
        let steps = self.action["runs"]["steps"].as_array().expect("it has steps");
        let step = steps.iter().find(|step| step["name"] == name).expect("there is this step").clone();
        let script = self.folder.path("step.sh");
        fs::write(&script, text_of(&step, "run")).expect("it can be written");
        let (output, summary) = (self.folder.path("output"), self.folder.path("summary"));
        fs::write(&output, "").expect("it can be written");
        let path = format!("{}:{}", self.folder.path("bin"), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", &script]).current_dir(root()).stdin(Stdio::null()).env("PATH", path);
        command.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", summary).env("RUNNER_TEMP", &self.folder.0);
        command.env("GITHUB_REPOSITORY", "acme/shop").env("SANDBOX", &self.folder.0).env_remove("CLICOLOR_FORCE");
        for (name, value) in step["env"].as_object().expect("every step that runs has an environment") {
            let value = value.as_str().expect("it is text");
            command.env(name, if value.starts_with("${{") { self.value(expressions(value)[0]) } else { value.to_owned() });
        }
        let result = command.output().expect("bash starts");
        for line in fs::read_to_string(&output).expect("it is there").lines() {
            let (key, value) = line.split_once('=').expect("a key and a value");
            self.outputs.insert(format!("{}.{key}", text_of(&step, "id")), value.to_owned());
        }
        result
    }

    /// The steps that every run has; how the job ends.
    fn run(&mut self) -> (Vec<Output>, i32) {
        let steps = ["Install", "Check", "Verdict"].map(|name| self.step(name));
        let code = steps[2].status.code().expect("it was not killed");
        (steps.into(), code)
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_plimsoll");

#[test]
fn the_action_is_whole() {
    let source = file("action.yml");
    let action = yaml(&source);
    assert_eq!(action["runs"]["using"], "composite");
    let inputs = action["inputs"].as_object().expect("it has inputs");
    for (name, input) in inputs.iter().chain(action["outputs"].as_object().expect("it has outputs")) {
        assert!(!text_of(input, "description").is_empty(), "{name} is not described");
    }
    assert_eq!(text_of(&inputs["version"], "default"), env!("CARGO_PKG_VERSION"), "the action runs the release it is of");
    let steps = action["runs"]["steps"].as_array().expect("it has steps");
    let ids: Vec<&str> = steps.iter().map(|step| text_of(step, "id")).collect();
    for expression in expressions(&source) {
        for name in expression.split(|letter: char| !(letter.is_alphanumeric() || "._-".contains(letter))) {
            match name.split('.').collect::<Vec<_>>().as_slice() {
                ["inputs", input] => assert!(inputs.contains_key(*input), "{expression}: no such input"),
                ["steps", step, "outputs", output] => {
                    let at = ids.iter().position(|id| id == step).unwrap_or_else(|| panic!("{expression}: no such step"));
                    assert!(text_of(&steps[at], "run").contains(&format!("\"{output}=")), "{expression}: the step does not say it");
                }
                _ => {}
            }
        }
    }
    for name in inputs.keys() {
        assert!(source.contains(&format!("inputs.{name} ")), "nobody asks for the input {name}");
    }
    for step in steps.iter().filter(|step| step["uses"].is_null()) {
        assert_eq!(step["shell"], "bash", "{step}");
        assert!(expressions(text_of(step, "run")).is_empty(), "what others write gets into a script by its environment only: {step}");
    }
}

#[cfg(unix)]
#[test]
fn the_action_lets_pass_what_is_fine_and_fails_what_is_not() {
    for (paths, settings, code, said) in [
        ("fixtures/cli/fine.yaml", ("format", "table"), 0, "Nothing found"),
        (
            "fixtures/check/single-replica/fires.yaml",
            ("format", "github"),
            1,
            "::warning file=fixtures/check/single-replica/fires.yaml,line=",
        ),
        ("fixtures/check/single-replica/fires.yaml", ("fail-on", "error"), 0, "single-replica"),
        ("\n  no/such/folder\n", ("summary", "false"), 2, "no such file or folder"),
    ] {
        let folder = Folder::new("verdict");
        let mut pipeline = Pipeline::new(&folder, &[("paths", paths), ("binary", PROGRAM), settings]);
        let (steps, ended) = pipeline.run();
        let log: String = steps.iter().map(text).collect();
        assert_eq!(ended, code, "{paths}: {log}");
        assert!(log.contains(said), "{paths}: {log}");
        assert_eq!(pipeline.outputs["check.exit-code"], code.to_string());
        if code < 2 {
            let sarif: Value = serde_json::from_str(&folder.text("plimsoll/plimsoll.sarif")).expect("it is SARIF");
            assert_eq!(sarif["version"], "2.1.0");
            assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::is_empty), Some(paths.contains("fine")));
            assert_eq!(folder.text("summary"), folder.text("plimsoll/report.md"));
            assert!(folder.text("summary").starts_with("# "), "{}", folder.text("summary"));
        } else {
            assert_eq!(folder.text("summary"), "");
        }
    }
    let folder = Folder::new("nothing");
    let mut pipeline = Pipeline::new(&folder, &[("paths", " \n"), ("binary", PROGRAM)]);
    pipeline.step("Install");
    let check = pipeline.step("Check");
    assert!(check.status.code() == Some(2) && text(&check).contains("set the input paths"), "{}", text(&check));
}

/// Whether clap takes a command line; or why not, otherwise.
fn parses(words: &[&str]) -> Result<(), String> {
    let words = std::iter::once("plimsoll").chain(words.iter().copied());
    plimsoll::cli::command("plimsoll").try_get_matches_from(words).map(|_| ()).map_err(|error| error.to_string())
}

#[cfg(unix)]
#[test]
fn everything_the_action_calls_is_a_command_that_parses() {
    let folder = Folder::new("calls");
    folder.program("plimsoll", "printf '%s\\0' \"$@\" >> \"$SANDBOX/calls\"; printf '\\n' >> \"$SANDBOX/calls\"; echo '# report'");
    let (program, baseline) = (folder.path("bin/plimsoll"), folder.path("bin"));
    let mut inputs = vec![
        ("paths", "manifests"),
        ("binary", program.as_str()),
        ("cluster", "my cluster.json"),
        ("settings", "plimsoll.yaml"),
        ("fail-on", "error"),
        ("kubernetes", "1.34"),
    ];
    inputs.extend([("baseline", baseline.as_str()), ("assert", "policy.yaml")]);
    let mut pipeline = Pipeline::new(&folder, &inputs);
    let (steps, code) = pipeline.run();
    assert_eq!(code, 0, "{}", steps.iter().map(text).collect::<String>());
    let calls = folder.text("calls");
    let calls: Vec<Vec<&str>> = calls.lines().map(|line| line.split_terminator('\0').collect()).collect();
    assert_eq!(calls.len(), 5, "{calls:?}");
    for call in &calls {
        match call.as_slice() {
            ["--version"] => {}
            call => parses(call).unwrap_or_else(|error| panic!("{call:?}: {error}")),
        }
    }
    assert!(calls[1].contains(&"my cluster.json"), "what has a space in it stays one word: {calls:?}");
    let formats: Vec<&str> = calls[1..].iter().filter_map(|call| call.last().copied()).collect();
    assert_eq!(formats[..3], ["github", "sarif", "markdown"]);
    assert_eq!(folder.text("summary"), "# report\n\n# report\n", "what changes stands below what is found");
}

#[cfg(unix)]
#[test]
fn the_action_keeps_one_comment_up_to_date() {
    let folder = Folder::new("comment");
    folder.program("gh", "echo \"$*\" >> \"$SANDBOX/calls\"; case \"$*\" in *--paginate*) cat \"$SANDBOX/known\";; esac");
    fs::write(folder.path("known"), "").expect("it can be written");
    let mut pipeline =
        Pipeline::new(&folder, &[("paths", "fixtures/check/single-replica/fires.yaml"), ("binary", PROGRAM), ("comment", "true")]);
    pipeline.run();
    assert!(pipeline.step("Comment").status.success());
    fs::write(folder.path("known"), "42\n43\n").expect("it can be written");
    assert!(pipeline.step("Comment").status.success());
    let calls = folder.text("calls");
    let calls: Vec<&str> = calls.lines().collect();
    assert!(calls[1].starts_with("api --method POST repos/acme/shop/issues/7/comments -F body=@"), "{calls:?}");
    assert!(calls[3].starts_with("api --method PATCH repos/acme/shop/issues/comments/42 -F body=@"), "{calls:?}");
    let comment = folder.text("plimsoll/report.md.comment");
    assert!(comment.starts_with("<!-- plimsoll -->\n# ") && comment.contains("single-replica"), "{comment}");
}

#[cfg(unix)]
#[test]
fn the_action_takes_a_release_if_it_is_what_it_says_and_builds_otherwise() {
    let folder = Folder::new("install");
    let plimsoll = "echo plimsoll 0.1.0";
    folder.program("cargo", &format!("echo \"$*\" >> \"$SANDBOX/cargo\"; printf '#!/bin/bash\\n{plimsoll}\\n' > \"$SANDBOX/plimsoll/bin/plimsoll\"; chmod +x \"$SANDBOX/plimsoll/bin/plimsoll\""));
    // there is no release
    folder.program("curl", "exit 22");
    let mut pipeline = Pipeline::new(&folder, &[]);
    let output = pipeline.step("Install");
    assert!(output.status.success() && text(&output).contains("built from source"), "{}", text(&output));
    let cargo = folder.text("cargo");
    assert!(cargo.starts_with("install --locked ") && cargo.contains(&format!("--path {} ", root().display())), "{cargo}");
    assert_eq!(pipeline.outputs["install.program"], folder.path("plimsoll/bin/plimsoll"));
    // there is one: its archive is unpacked, if its checksum is right
    let packed = format!(
        "echo \"${{@: -1}}\" >> \"$SANDBOX/curl\"; cd \"$SANDBOX/plimsoll\"; case \"$3\" in\n*.sha256) sha256sum \"${{3%.sha256}}\" > \"$3\";;\n*) mkdir -p \
         \"$SANDBOX/new\"; printf '#!/bin/bash\\n{plimsoll}\\n' > \"$SANDBOX/new/plimsoll\"; chmod +x \"$SANDBOX/new/plimsoll\"; tar -czf \"$3\" -C \"$SANDBOX/new\" plimsoll;;\nesac"
    );
    folder.program("curl", &packed);
    fs::remove_file(folder.path("plimsoll/bin/plimsoll")).expect("it was installed");
    let output = pipeline.step("Install");
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("plimsoll 0.1.0"));
    assert!(folder.text("curl").contains("/releases/download/v0.1.0/plimsoll-v0.1.0-"), "{}", folder.text("curl"));
    // a release that is not what it says is taken for an attack
    folder.program(
        "curl",
        &packed.replace("sha256sum \"${3%.sha256}\" > \"$3\"", "echo \"$(printf '0%.0s' {1..64})  ${3%.sha256}\" > \"$3\""),
    );
    fs::remove_file(folder.path("plimsoll/bin/plimsoll")).expect("it was installed");
    let output = pipeline.step("Install");
    assert!(!output.status.success() && text(&output).contains("FAILED"), "{}", text(&output));
}

#[test]
fn the_hooks_are_commands_that_parse() {
    let hooks = yaml(&file(".pre-commit-hooks.yaml"));
    for hook in hooks.as_array().expect("it is a list") {
        for field in ["id", "name", "description", "entry", "language"] {
            assert!(!text_of(hook, field).is_empty(), "{field} is missing: {hook}");
        }
        let mut words: Vec<&str> = text_of(hook, "entry").split(' ').collect();
        assert_eq!(words.remove(0), "plimsoll");
        words.push("manifests/web.yaml");
        parses(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        assert_eq!(hook["require_serial"], true, "pods of different files have to fit together");
    }
    // cargo installs the program for `language: rust`, so there has to be a binary of this name
    assert!(PROGRAM.ends_with("plimsoll"));
}

#[test]
fn the_krew_manifest_is_whole_once_it_is_filled_in() {
    let tag = concat!("v", env!("CARGO_PKG_VERSION"));
    let mut filled = String::new();
    for line in file(".krew.yaml").replace("{{ .TagName }}", tag).lines() {
        // the bot writes both fields with the second one four columns in
        match line.trim().strip_prefix("{{addURIAndSha \"").and_then(|rest| rest.split_once('"')) {
            Some((uri, _)) => filled.push_str(&format!("    uri: {uri}\n    sha256: {}\n", "0".repeat(64))),
            None => filled.push_str(&format!("{line}\n")),
        }
    }
    let manifest = yaml(&filled);
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!((&manifest["kind"], &manifest["metadata"]["name"]), (&Value::from("Plugin"), &Value::from("plimsoll")));
    let spec = &manifest["spec"];
    assert_eq!(spec["version"], tag);
    let short = text_of(spec, "shortDescription");
    assert!((1..=50).contains(&short.len()) && !short.ends_with('.'), "krew-index wants it short: {short}");
    let action = file("action.yml");
    for platform in spec["platforms"].as_array().expect("it has platforms") {
        let uri = text_of(platform, "uri");
        assert!(uri.starts_with(&format!("https://github.com/plimsoll-dev/plimsoll/releases/download/{tag}/plimsoll-{tag}-")), "{uri}");
        let target = uri.rsplit_once(&format!("plimsoll-{tag}-")).expect("it was just seen").1.trim_end_matches(".tar.gz");
        assert!(action.contains(&format!("target={target} ")), "the action takes the same archives: {target}");
        assert_eq!(platform["bin"], "kubectl-plimsoll");
        assert!(!text_of(&platform["selector"]["matchLabels"], "os").is_empty());
    }
    // what it shows to people are commands
    let commands = text_of(spec, "description").lines().filter_map(|line| line.trim().strip_prefix("kubectl plimsoll "));
    assert_eq!(commands.map(|words| parses(&words.split(' ').collect::<Vec<_>>()).expect("it parses")).count(), 2);
}

#[test]
fn what_the_readme_shows_to_pipelines_is_what_there_is() {
    let readme = file("README.md");
    let blocks: Vec<Value> = readme.split("```yaml\n").skip(1).map(|rest| yaml(rest.split("```").next().expect("it is closed"))).collect();
    let tag = concat!("v", env!("CARGO_PKG_VERSION"));
    let steps = blocks.iter().filter_map(|block| block["steps"].as_array()).flatten();
    let ours = steps.filter(|step| text_of(step, "uses") == format!("plimsoll-dev/plimsoll@{tag}"));
    let action = yaml(&file("action.yml"));
    let inputs = ours.filter_map(|step| step["with"].as_object()).flat_map(|with| with.keys());
    let known: Vec<bool> = inputs.map(|input| action["inputs"].get(input).is_some()).collect();
    assert!(known.len() >= 3 && known.iter().all(|known| *known), "README sets inputs that there are: {known:?}");
    let repositories = blocks.iter().filter_map(|block| block["repos"].as_array()).flatten();
    let hooks = yaml(&file(".pre-commit-hooks.yaml"));
    let ids: Vec<&Value> = hooks.as_array().expect("it is a list").iter().map(|hook| &hook["id"]).collect();
    let shown: Vec<&Value> = repositories.map(|each| if each["rev"] == tag { &each["hooks"][0]["id"] } else { &Value::Null }).collect();
    assert!(!shown.is_empty() && shown.iter().all(|id| ids.contains(id)), "{shown:?}");
}

fn plimsoll(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).current_dir(root()).stdin(Stdio::null()).output().expect("the program starts")
}

fn commands() -> Vec<String> {
    plimsoll::cli::command("plimsoll").get_subcommands().map(|each| each.get_name().to_owned()).collect()
}

#[test]
fn completions_know_every_command_and_flag() {
    for (shell, sign) in [("bash", "complete -F _plimsoll"), ("zsh", "#compdef plimsoll"), ("fish", "complete -c plimsoll")] {
        let output = plimsoll(&["completions", shell]);
        let script = text(&output);
        assert!(output.status.success() && script.contains(sign), "{shell}");
        for word in commands().iter().map(String::as_str).chain(["redact", "max-failover", "listed"]) {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(plimsoll(&["completions", "tcsh"]).status.code(), Some(2));
    #[cfg(unix)]
    {
        let folder = Folder::new("completions");
        fs::write(folder.path("plimsoll.bash"), plimsoll(&["completions", "bash"]).stdout).expect("it can be written");
        let ask = "source \"$SANDBOX/plimsoll.bash\"; COMP_WORDS=(plimsoll snap); COMP_CWORD=1; _plimsoll plimsoll snap plimsoll; echo \"${COMPREPLY[*]}\"";
        let answer = Command::new("bash").args(["--norc", "-c", ask]).env("SANDBOX", &folder.0).output().expect("bash starts");
        assert_eq!(text(&answer), "snapshot\n");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Folder::new("man");
    let pages = folder.path("bin");
    let output = plimsoll(&["man", &pages]);
    assert!(output.status.success(), "{}", text(&output));
    let names: Vec<String> =
        std::iter::once("plimsoll".to_owned()).chain(commands().iter().map(|each| format!("plimsoll-{each}"))).collect();
    for name in &names {
        let page = folder.text(&format!("bin/{name}.1"));
        for part in [".TH", ".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXAMPLES"] {
            assert!(page.contains(part), "{name} has no {part}:\n{page}");
        }
        assert!(page.contains(env!("CARGO_PKG_VERSION")), "{name} does not say of which version it is");
        assert!(!page.lines().any(|line| line.starts_with("  .") || line.starts_with("'")), "{name} has something that troff would do");
    }
    assert_eq!(fs::read_dir(&pages).expect("it is there").count(), names.len(), "and there is no other page");
    // troff has nothing to complain of, where there is one
    if Command::new("groff").arg("--version").output().is_ok_and(|output| output.status.success()) {
        for name in &names {
            let output =
                Command::new("groff").args(["-Kutf8", "-man", "-Tutf8", "-ww", "-z", &folder.path(&format!("bin/{name}.1"))]).output();
            let complaints = text(&output.expect("groff starts"));
            assert_eq!(complaints, "", "{name}");
        }
    }
    assert!(text(&plimsoll(&["man"])).contains(".SH SUBCOMMANDS"));
    assert_eq!(plimsoll(&["man", "no/such/folder"]).status.code(), Some(2));
}
